/**
 * Whom `mf kill` means: a service, a version or an instance by its name. Pure.
 *
 * Refuses what nobody has, what could mean two things, and what would leave nothing of a service
 * unless that was asked for.
 */
import type { InstanceRow } from './deploy.ts';
import { UsageError } from './failure.ts';

type Row = Pick<InstanceRow, 'program' | 'service' | 'version' | 'instance' | 'health'>;

export interface Named {
  name: string;
  /** Of the service that `name` is then. */
  version: string | undefined;
  /** Whether the last ones of a service may go. */
  last: boolean;
  /** What names the stack in a command. */
  option: string;
}

export function chooseVictims<T extends Row>(rows: readonly T[], named: Named): T[] {
  const victims = meant(rows, named);
  refuseLast(rows, victims, named);
  return victims;
}

function meant<T extends Row>(rows: readonly T[], { name, version, option }: Named): T[] {
  const one = rows.filter(({ program, instance }) => program === name || instance === name);
  const all = rows.filter(({ service }) => service === name);
  const wide = version === undefined ? all : all.filter((row) => row.version === version);
  const ofVersion = rows.filter((row) => row.version === name);
  const readings = version === undefined ? [one, wide, ofVersion] : [wide];
  const possible = readings.filter((reading) => reading.length > 0);
  const [found] = possible;
  if (found === undefined) {
    const typed = version === undefined ? name : `${name} ${version}`;
    const known = [...new Set(rows.map(({ service }) => service))].join(', ') || 'none';
    throw new UsageError(
      `kill: no instance, version or service '${typed}' runs (services: ${known})`,
      `mf status${option}`,
    );
  }
  const services = [...new Set(ofVersion.map(({ service }) => service))];
  if (version === undefined && (services.length > 1 || !sameRows(possible))) {
    const what = possible.flat().map(({ program, version: label }) => `${program} (${label})`);
    const [first] = services;
    throw new UsageError(
      `kill: '${name}' could mean any of ${[...new Set(what)].join(', ')}`,
      `mf kill ${first} ${name}${option}`,
    );
  }
  return found;
}

/** Whether all readings of a name come to the same instances. */
function sameRows(readings: readonly (readonly Row[])[]): boolean {
  const texts = readings.map((rows) => rows.map(({ program }) => program).join());
  return new Set(texts).size === 1;
}

/** An instance that is not well does not count as one that is left. */
function refuseLast(rows: readonly Row[], victims: readonly Row[], named: Named): void {
  if (named.last) return;
  for (const service of new Set(victims.map((one) => one.service))) {
    const others = rows.filter((row) => row.service === service && !victims.includes(row));
    if (others.some(({ health }) => health === 'healthy')) continue;
    const going = victims.filter((one) => one.service === service);
    if (others.length > 0 && !going.some(({ health }) => health === 'healthy')) continue;
    const typed = [named.name, named.version].filter(Boolean).join(' ');
    const left = others.length > 0 ? 'no healthy instance' : 'no instance';
    throw new UsageError(
      `kill: ${left} of ${service} would be left`,
      `mf kill ${typed} --last${named.option}`,
    );
  }
}
