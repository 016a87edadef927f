/**
 * A receipt as a page of text, a list of receipts, and two of them side by side. Pure; the verb
 * `receipts` prints what comes out.
 */
import { table } from '../output.ts';
import type { Receipt } from './receipt.ts';
import type { Damaged } from './store.ts';

export function receiptPage(receipt: Receipt): string {
  const { id, verdict, reasons, command, by, begun, seconds, stack, gaps } = receipt;
  return [
    [
      `Receipt ${id}: ${verdict.toUpperCase()}`,
      ...reasons.map((reason) => `  ${reason}`),
      `mf ${command} · by ${by} · ${localTime(begun)} · ${seconds.toFixed(1)} s · stack ${stack}`,
    ].join('\n'),
    section('What was done', [...receipt.steps.map(stepLine), ...receipt.notes.map(noteLine)]),
    section('What people noticed', noticed(receipt)),
    versionsTable(receipt),
    section('What could not be counted', gaps),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

export function receiptsList(receipts: readonly Receipt[], damaged: readonly Damaged[]): string {
  const rows = receipts.map((receipt) => [
    receipt.id,
    receipt.verdict,
    String(receipt.requests.requests),
    String(failedIn(receipt)),
    receipt.witness ? `${receipt.witness.lost} of ${receipt.witness.sent}` : '-',
    `${receipt.seconds.toFixed(1)} s`,
    receipt.by,
  ]);
  const header = ['RECEIPT', 'VERDICT', 'REQUESTS', 'FAILED', 'LOST', 'TOOK', 'BY'];
  return [
    receipts.length > 0 ? table(header, rows) : 'There are no receipts yet.',
    ...damaged.map(({ id, why }) => `${id} is damaged: ${why}`),
  ].join('\n');
}

/** What changed from one to the other: the same work before and after, say. */
export function comparison(a: Receipt, b: Receipt): string {
  const [before, after] = [figuresOf(a), figuresOf(b)];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const rows = names.map((name) => {
    const [x, y] = [before.get(name), after.get(name)];
    return [name, shown(x), shown(y), differenceOf(x, y)];
  });
  return table(['', a.id, b.id, 'DIFFERENCE'], rows);
}

type Figure = string | number | undefined;

/** The numbers of a receipt by their names; of versions by their place, as they seldom have the same. */
export function figuresOf(receipt: Receipt): Map<string, Figure> {
  const { requests, sockets, witness } = receipt;
  const figures = new Map<string, Figure>([
    ['verdict', receipt.verdict],
    ['seconds', receipt.seconds],
    ['requests', requests.requests],
    ['requests failed', requests.failed],
    ['requests unanswered', requests.unanswered],
    ['requests retried', requests.retried],
    ['sockets moved', sockets.moved],
  ]);
  if (witness) {
    figures.set('messages sent', witness.sent);
    figures.set('messages lost', witness.lost);
    figures.set('messages doubled', witness.doubled);
    figures.set('messages out of order', witness.outOfOrder);
    figures.set('slowest message, ms', witness.slowestMs);
  }
  for (const { service, version, p50Ms, p99Ms } of receipt.versions) {
    figures.set(`${service} ${version} p50, ms`, p50Ms);
    figures.set(`${service} ${version} p99, ms`, p99Ms);
  }
  return figures;
}

function differenceOf(x: Figure, y: Figure): string {
  if (typeof x !== 'number' || typeof y !== 'number') return x === y ? '' : 'differs';
  const difference = Math.round((y - x) * 10) / 10;
  return difference === 0 ? '' : `${difference > 0 ? '+' : ''}${difference}`;
}

const shown = (figure: Figure) => (figure === undefined ? '-' : String(figure));

/** The witness's posts are among the requests, unless HAProxy was not there to count them. */
const failedIn = ({ requests, witness }: Receipt) =>
  Math.max(requests.failed + requests.unanswered, witness?.failed ?? 0);

function noticed({ requests, sockets, witness }: Receipt): string[] {
  const lines = [
    `requests  ${requests.requests} sent, ${requests.failed} failed, ${requests.unanswered} not answered`,
    `saved     ${requests.retried} retried, ${requests.redispatched} given to another instance, ${requests.connectErrors} connections refused`,
    `sockets   ${sockets.moved} moved; ${sockets.before} before, ${sockets.after} after`,
  ];
  if (requests.clientAborts > 0)
    lines.push(`gave up   ${requests.clientAborts} clients did not wait`);
  if (requests.probes > 0) lines.push(`probes    ${requests.probes} of the requests were our own`);
  if (requests.unserved > 0) {
    lines.push(`nobody's  ${requests.unserved} for services that nobody runs: not failures`);
  }
  if (!witness) return [...lines, 'witness   none (--witness)'];
  const { sent, seen, lost, doubled, outOfOrder, failed, abandoned, reconnects, slowestMs } =
    witness;
  return [
    ...lines,
    `witness   ${sent} messages sent, ${seen} seen, ${lost} lost, ${doubled} doubled, ${outOfOrder} out of order`,
    `          ${failed} posts failed, ${abandoned} never taken, ${reconnects} reconnects, the slowest message after ${slowestMs} ms`,
  ];
}

function versionsTable({ versions }: Receipt): string {
  if (versions.length === 0) return '';
  const ms = (value: number | undefined) => (value === undefined ? '-' : `${value.toFixed(1)} ms`);
  const rows = versions.map((one) => [
    one.service,
    one.version,
    String(one.instances),
    String(one.requests),
    String(one.failed),
    String(one.retried),
    ms(one.p50Ms),
    ms(one.p99Ms),
  ]);
  const header = ['SERVICE', 'VERSION', 'INSTANCES', 'REQUESTS', '5XX', 'RETRIED', 'P50', 'P99'];
  return table(header, rows);
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [title, ...lines.map((line) => `  ${line}`)].join('\n');
}

const stepLine = ({ step, did, seconds }: Receipt['steps'][number]) =>
  `→ ${step} · ${did} after ${seconds.toFixed(1)} s`;

function noteLine({ at, step, detail }: Receipt['notes'][number]): string {
  const facts = Object.entries(detail ?? {}).map(([name, value]) => `${name} ${plain(value)}`);
  const more = facts.length > 0 ? ` · ${facts.join(', ')}` : '';
  return `  ${step} at ${at.toFixed(1)} s${more}`;
}

const plain = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

/** `2026-11-21 10:40:12`, as the person's clock shows it. */
function localTime(iso: string): string {
  return new Date(iso).toLocaleString('sv-SE');
}
