/**
 * The shares that somebody typed after `mf traffic SERVICE`, checked against what lives. Pure.
 *
 * Whatever cannot be meant is refused in one line that ends with the next command: nothing has been
 * changed by then.
 */
import { policySchema, type Share } from '@microflack/common/registry/policy.ts';
import { UsageError } from './failure.ts';

/** What there is of the service. */
export interface Living {
  service: string;
  /** Versions with an instance that anybody's request may go to. */
  open: readonly string[];
  /** Versions whose instances are for requests that name them. */
  named: readonly string[];
  /** To be added to a suggested command. */
  option: string;
}

/** `v1=90 v2=10`, or `v2` for all of it. */
export function sharesFrom(words: readonly string[], living: Living): Share[] {
  const shares = words.map((word) => shareFrom(word, words.length === 1, living));
  const checked = policySchema.shape.shares.safeParse(shares);
  if (!checked.success) {
    const why = checked.error.issues.map(({ message }) => message).join(', ');
    throw new UsageError(`traffic: ${words.join(' ')}: ${why}`, exampleFor(living));
  }
  for (const { version, percent } of shares) refuseAbsent(version, percent, living);
  return shares;
}

/** For a version that somebody chooses for themselves: a named one will do. */
export function refuseUnknown(version: string, { service, open, named, option }: Living): void {
  if (open.includes(version) || named.includes(version)) return;
  throw absent(version, [...open, ...named], `mf run ${service} ${version}${option}`);
}

function shareFrom(word: string, alone: boolean, living: Living): Share {
  const [version = '', percent, ...rest] = word.split('=');
  if (percent === undefined && alone) return { version, percent: 100 };
  if (percent !== undefined && /^\d{1,3}$/.test(percent) && rest.length === 0) {
    return { version, percent: Number(percent) };
  }
  const why = `traffic: '${word}' is no share: a version and a whole number, such as v2=10`;
  throw new UsageError(why, exampleFor(living));
}

function refuseAbsent(version: string, percent: number, living: Living): void {
  const { service, open, named, option } = living;
  if (open.includes(version)) return;
  if (named.includes(version)) {
    const why = `traffic: ${version} of ${service} is only for who names it`;
    throw new UsageError(why, `mf traffic ${service} --me ${version}${option}`);
  }
  const start = `mf run ${service} ${version}${option}`;
  throw absent(version, open, percent > 0 ? start : `mf traffic ${service}${option}`);
}

function absent(version: string, there: readonly string[], next: string): UsageError {
  const others = there.length > 0 ? `there are: ${there.join(', ')}` : 'there is none at all';
  return new UsageError(`traffic: no instance of ${version} is alive (${others})`, next);
}

function exampleFor({ service, open, option }: Living): string {
  const [first, second] = open;
  const example = first && second ? `${first}=90 ${second}=10` : (first ?? '');
  return `mf traffic ${service} ${example}${option}`.replace(/ +/g, ' ');
}
