/**
 * Wraps the work of a verb that changes what people are served, and leaves a receipt of it.
 *
 * run, kill, upgrade and traffic call it. Evidence is taken from before the work until after it, and
 * the receipt is written whatever becomes of the work, but for a command that was wrong from the
 * start: then nothing was done. A failed request or a lost message makes the command fail.
 */
import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { ParseArgsOptionsConfig } from 'node:util';
import { messageOf, StepFailure, UsageError } from '../failure.ts';
import type { Output } from '../output.ts';
import { type Stack, stackOption } from '../stack.ts';
import { gapsOf, requestsOf, socketsOf, versionsOf } from './account.ts';
import { ownRequests } from './own-requests.ts';
import { brokenPromises, type Receipt, receiptId, type WitnessCounts } from './receipt.ts';
import { type Evidence, startSampling } from './sampling.ts';
import { saveReceipt } from './store.ts';
import { startWitness } from './witness.ts';

/** For the options of every verb that leaves a receipt. */
export const witnessOption = {
  witness: { type: 'boolean', default: false },
} as const satisfies ParseArgsOptionsConfig;

export const witnessHelp =
  '  --witness       keeps a steady chat going meanwhile, and counts what of it is lost or doubled';

/** What a receipt is about. */
export interface About {
  /** As it was typed, such as `kill messages_v1 --now`. */
  command: string;
  service: string;
  witness: boolean;
  /** Where the service's last instance is meant to go: then its 503 are no failures. */
  endsService?: boolean;
}

export interface Recorder {
  /** The id under which `mf receipts show` will find it. */
  readonly id: string;
  /** Something worth remembering besides the steps. */
  note(step: string, detail?: object): void;
}

/** Everything was done as asked, but people noticed. */
export class ReceiptBroken extends StepFailure {}

export async function recordReceipt<T>(
  stack: Stack,
  output: Output,
  about: About,
  work: (recorder: Recorder) => Promise<T>,
): Promise<T> {
  const witness = about.witness ? await startWitness(stack) : undefined;
  const sampling = await startSampling(stack, about.service);
  witness?.begin();
  const begun = new Date();
  const firstStep = output.done.length;
  const secondsSoFar = () => Math.round((Date.now() - begun.getTime()) / 100) / 10;
  const notes: Receipt['notes'] = [];
  const recorder: Recorder = {
    id: receiptId(about.command, about.service, begun, randomBytes(2).toString('hex')),
    note(step, detail) {
      notes.push({ at: secondsSoFar(), step, ...(detail && { detail: { ...detail } }) });
    },
  };
  const ended = await outcomeOf(work(recorder));
  const seconds = secondsSoFar();
  const seen = await witness?.finish();
  const evidence = await sampling.finish();
  await witness?.leave();
  if ('error' in ended && ended.error instanceof UsageError) throw ended.error;
  const receipt = receiptOf(stack, about, evidence, seen, {
    id: recorder.id,
    begun: begun.toISOString(),
    seconds,
    steps: output.done.slice(firstStep),
    notes,
    failure: 'error' in ended ? ended.error : undefined,
  });
  await saveReceipt(stack, receipt);
  const show = `mf receipts show ${receipt.id}${stackOption(stack.name)}`;
  if ('error' in ended) {
    output.say(`  receipt: ${show}`);
    throw ended.error;
  }
  if (receipt.verdict !== 'kept') {
    throw new ReceiptBroken('receipt', `done, but ${receipt.reasons.join(', ')}`, show);
  }
  output.say(`  receipt: kept · ${receipt.requests.requests} requests, none failed · ${show}`);
  return ended.value;
}

type Outcome<T> = { value: T } | { error: unknown };

async function outcomeOf<T>(work: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work };
  } catch (error) {
    return { error };
  }
}

type Course = Pick<Receipt, 'id' | 'begun' | 'seconds' | 'steps' | 'notes'> & { failure: unknown };

function receiptOf(
  stack: Stack,
  { command, service, endsService }: About,
  { haproxy, instances, missed }: Evidence,
  witness: WitnessCounts | undefined,
  { failure, ...course }: Course,
): Receipt {
  const rows = haproxy.rows();
  const all = instances.all();
  const ending = endsService ? service : undefined;
  const requests = requestsOf(rows, { all, bare: instances.bare }, ending, ownRequests());
  const broken = brokenPromises(requests, witness);
  const reasons = failure === undefined ? broken : [messageOf(failure), ...broken];
  return {
    format: 1,
    ...course,
    steps: [...course.steps],
    command,
    service,
    stack: stack.name,
    by: `${userInfo().username}@${hostname()}`,
    verdict: failure === undefined ? (broken.length > 0 ? 'broken' : 'kept') : 'failed',
    reasons,
    requests,
    versions: versionsOf(rows, all, service),
    sockets: socketsOf(all),
    ...(witness && { witness }),
    gaps: gapsOf({
      missedHaproxy: missed,
      missedConsul: instances.missed(),
      workers: haproxy.workers(),
      instances: all,
      service,
    }),
  };
}
