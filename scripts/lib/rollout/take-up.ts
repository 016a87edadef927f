/**
 * What a command means for an upgrade that was begun before: to go on with it, to turn it round, or
 * to be refused because of it. Pure; cli/upgrade.ts asks under the lock.
 */
import { StepFailure, UsageError } from '../failure.ts';
import type { Upgrade } from './state.ts';
import { pointOfNoReturn, turnBack } from './transitions.ts';

export const upgradeVerbs = ['try', 'roll', 'abort', 'canary'] as const;

export interface Asked {
  verb: (typeof upgradeVerbs)[number];
  service: string;
  version: string | undefined;
  resume: boolean;
}

/** The upgrade to go on with; undefined where a new one is to begin. `option` names the stack. */
export function takeUp(
  found: Upgrade | undefined,
  asked: Asked,
  option: string,
): Upgrade | undefined {
  const { verb, service, version, resume } = asked;
  if (found === undefined) {
    if (!resume && verb !== 'abort') return undefined;
    const word = verb === 'abort' ? 'abort' : 'resume';
    throw new UsageError(`${word}: no upgrade of ${service} is under way`, `mf status${option}`);
  }
  if (verb === 'abort') return aborted(found, option);
  const isSame = version === undefined || version === found.to;
  if (isSame && resume) return resumed(found, verb);
  const isTried = isSame && found.phase.name === 'trying';
  if (isTried && (verb === 'try' || verb === 'roll')) return resumed(found, verb);
  throw unfinished(found, option);
}

function aborted(found: Upgrade, option: string): Upgrade {
  if (found.phase.name === 'returning') return found;
  const why = pointOfNoReturn(found);
  if (why === undefined) return turnBack(found, 'it was aborted');
  const next = `mf upgrade roll ${found.service} --resume${option}`;
  throw new StepFailure(`upgrade of ${found.service}`, `there is no way back: ${why}`, next);
}

/** A try goes on for as long as nobody says roll. */
function resumed(found: Upgrade, verb: Asked['verb']): Upgrade {
  if (found.phase.name !== 'trying' || verb !== 'roll') return found;
  return { ...found, phase: { name: 'rolling' } };
}

function unfinished({ service, to, by, begunAt, phase, doing }: Upgrade, option: string) {
  const isTried = phase.name === 'trying';
  const what = isTried ? `tries ${to}` : `is upgrading it to ${to}`;
  const stopped = isTried ? '' : `, and is not done: it was ${doing}`;
  const go = `mf upgrade roll ${service}${isTried ? '' : ' --resume'}${option}`;
  return new StepFailure(
    `upgrade of ${service}`,
    `${by} ${what} since ${begunAt}${stopped}`,
    `${go} · mf upgrade abort ${service}${option}`,
  );
}
