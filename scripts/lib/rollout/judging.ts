/**
 * Has a canary compared with the release that it is to replace (canary/judge.ts), for as long as it
 * lives. crew.ts hands the verdict to the upgrade, which acts on it.
 */
import { judgeCanary } from '../canary/judge.ts';
import type { Verdict } from '../canary/sequential.ts';
import { type Campaign, untilReady } from '../start.ts';
import type { Upgrade } from './state.ts';

export async function judge(
  campaign: Campaign,
  { service, to, was }: Upgrade,
  program: string,
  withinSeconds: number,
): Promise<Verdict> {
  const { stack, supervisor, output } = campaign;
  // Of several old releases, the one that most people know.
  const [old] = was.filter(({ version }) => version !== to).sort((a, b) => b.count - a.count);
  const compared = { service, old: old?.version ?? '', new: to };
  let verdict: Verdict = 'not enough evidence';
  await output.step(`canary ${to}`, `mf upgrade abort ${service}`, async () => {
    const logEnd = await supervisor.logEnd();
    const comparison = judgeCanary(stack, compared, { withinSeconds });
    const judgement = await untilReady(campaign, program, logEnd, comparison);
    const { requests, requestsOfNew, errors, errorsOfNew, probes } = judgement;
    verdict = judgement.verdict;
    const own = `${errorsOfNew} of ${requestsOfNew} failed`;
    const theirs = `${errors - errorsOfNew} of ${requests - requestsOfNew} of ${compared.old}`;
    return `${verdict}: ${own}, ${theirs} (${probes} were probes),`;
  });
  return verdict;
}
