/**
 * Begins an upgrade: gets the release, looks at what runs, and makes of both what is to be done.
 * cli/upgrade.ts calls it where no upgrade of the service is under way. Nothing is changed yet.
 */
import { obtainRelease } from '../deploy.ts';
import { StepFailure, UsageError } from '../failure.ts';
import { stackOption } from '../stack.ts';
import type { Campaign } from '../start.ts';
import { readPolicy } from '../traffic.ts';
import { contractionOf } from './contraction.ts';
import { somebody } from './crew.ts';
import { deploymentOf, instancesOf } from './instances.ts';
import type { Phase, Upgrade } from './state.ts';

export interface Wanted {
  service: string;
  label: string | undefined;
  source: string | undefined;
  phase: Phase;
}

export interface NothingToDo {
  /** The release that was wanted. */
  nothingButRuns: string;
}

export async function beginUpgrade(
  campaign: Campaign,
  { service, label, source, phase }: Wanted,
): Promise<Upgrade | NothingToDo> {
  const { stack } = campaign;
  const rows = await instancesOf(stack, service);
  const option = stackOption(stack.name);
  if (rows.length === 0) {
    const next = `mf run ${service} ${label ?? ''}`.trimEnd();
    throw new UsageError(`upgrade: no instance of ${service} runs`, `${next}${option}`);
  }
  const { single } = (await deploymentOf(stack, service, rows[0]?.version ?? '')).service;
  if (single && phase.name !== 'rolling') {
    const why = `upgrade: there is only ever one ${service}, which is restarted in its place`;
    throw new UsageError(why, `mf upgrade roll ${service} ${label ?? ''}`.trimEnd() + option);
  }
  const deployment = await obtainRelease(campaign, { service, label, source });
  const { release } = deployment;
  const was = countByVersion(rows.map(({ version }) => version));
  const others = was.filter(({ version }) => version !== release.label);
  if (others.length === 0) return { nothingButRuns: release.label };
  if (phase.name === 'judging' && others.length < was.length) {
    const why = `${release.label} runs already, so it cannot be tried on a few first`;
    const next = `mf kill ${service} ${release.label}${option}`;
    throw new StepFailure(`canary of ${service}`, why, next);
  }
  const olds = others.map(({ version }) => deploymentOf(stack, service, version));
  const policy = await readPolicy(stack, service);
  return {
    service,
    to: release.label,
    single,
    was,
    ...(policy && { sharesBefore: { shares: policy.shares, sticky: policy.sticky } }),
    usesShares: policy !== undefined || phase.name === 'judging',
    phase,
    proved: rows.flatMap(({ version, instance }) =>
      version === release.label && instance !== undefined ? [instance] : [],
    ),
    contraction: await contractionOf(deployment, await Promise.all(olds)),
    begunAt: new Date().toISOString(),
    by: somebody(),
    doing: 'beginning',
  };
}

function countByVersion(versions: readonly string[]): Upgrade['was'] {
  const counts = Map.groupBy(versions, (version) => version);
  return [...counts].map(([version, all]) => ({ version, count: all.length }));
}
