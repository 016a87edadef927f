/**
 * The traffic policy of a service: what share of its requests each version gets. Pure.
 *
 * It lies in Consul under policyKey(SERVICE), written by `mf traffic` and `mf upgrade` alone. HAProxy
 * (services/lb) and calls between services (http/client.ts) choose by it, both with the functions
 * here: by request, or by person. A person belongs to one of 100 buckets for ever, and withShares()
 * gives buckets from versions whose share shrinks to versions whose share grows, so that nobody is
 * moved who need not be.
 */
import { z } from 'zod';

/** A share is a number of these; HAProxy draws one for a request, and has one for a person. */
export const bucketCount = 100;
const maxShares = 20;

const folder = 'microflack/traffic/';
export const policyKey = (service: string): string => `${folder}${service}`;
export const policyFolder = folder;
export const serviceOfKey = (key: string): string => key.slice(folder.length);

/** The label of a release, wherever one is typed. */
export const versionLabel = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'expected letters, digits and . _ -');

const share = z.strictObject({
  version: versionLabel,
  percent: z.number().int().min(0).max(bucketCount),
});

const sum = (shares: readonly Share[]): number =>
  shares.reduce((total, { percent }) => total + percent, 0);

/** Shares as somebody wants them: all of the requests, and each version once. */
const sharesSchema = z
  .array(share)
  .min(1)
  .max(maxShares)
  .refine((shares) => new Set(shares.map(({ version }) => version)).size === shares.length, {
    error: 'a version has one share',
  })
  .refine((shares) => sum(shares) === bucketCount, {
    error: ({ input }) => `the shares add up to ${sum(input as Share[])}, not to ${bucketCount}`,
  });

export const policySchema = z.strictObject({
  shares: sharesSchema,
  /** By person: somebody keeps a version for as long as its share does not shrink. */
  sticky: z.boolean(),
  since: z.iso.datetime(),
  by: z.string().max(200),
  /** The buckets from 0 on, in runs, where the order of the shares does not say it. */
  runs: z
    .array(share)
    .max(bucketCount)
    .refine((runs) => sum(runs) === bucketCount)
    .optional(),
});

export type Share = z.infer<typeof share>;
export type TrafficPolicy = z.infer<typeof policySchema>;

/** What a request says of itself (its baggage): who sends it, and whom for. */
export interface Wish {
  /** The bucket of the person. */
  cohort?: number;
  /** Somebody's own choice, for one service. */
  me?: { service: string; version: string };
}

/** As much of an instance as the choice needs. */
export interface Choosable {
  service: string;
  version: string;
  meta: Readonly<Record<string, string>>;
}

/** Gets only the requests that name its version (`mf dev`, the probes of a try). */
export const isNamed = ({ meta }: Pick<Choosable, 'meta'>): boolean => meta.audience === 'named';

/** The shares of it that are more than none. */
export const sharing = ({ shares }: TrafficPolicy): Share[] =>
  shares.filter(({ percent }) => percent > 0);

/** The policy with other shares, and every bucket where it was as far as the shares allow. */
export function withShares(
  before: Pick<TrafficPolicy, 'shares' | 'runs'> | undefined,
  { runs: _, ...after }: TrafficPolicy,
): TrafficPolicy {
  const owners = ownersOf(before ?? after);
  const lacking = new Map(after.shares.map(({ version, percent }) => [version, percent]));
  // The first buckets stay: what is given away comes from the end, so that runs are few.
  const kept = owners.map((version) => {
    const left = lacking.get(version) ?? 0;
    if (left > 0) lacking.set(version, left - 1);
    return left > 0 ? version : undefined;
  });
  const heirs = [...lacking].flatMap(([version, count]) => Array<string>(count).fill(version));
  return { ...after, runs: runsOf(kept.map((version) => version ?? heirs.shift() ?? '')) };
}

/** The version of each bucket, by their number. */
export function ownersOf({ shares, runs = shares }: Pick<TrafficPolicy, 'shares' | 'runs'>) {
  return runs.flatMap(({ version, percent }) => Array<string>(percent).fill(version));
}

/**
 * The version that a bucket gets while only `live` ones are there. Undefined where none that has a
 * share lives: then every instance is as good as any other.
 */
export function versionOf(
  policy: TrafficPolicy,
  bucket: number,
  live: ReadonlySet<string>,
): string | undefined {
  const owner = ownersOf(policy)[bucket];
  if (owner !== undefined && live.has(owner)) return owner;
  const [first] = sharing(policy)
    .filter(({ version }) => live.has(version))
    .sort((a, b) => b.percent - a.percent);
  return first?.version;
}

/** Who may stand in where no instance of the right version answers: those with a share, else all. */
export function standIns<T extends Choosable>(
  instances: readonly T[],
  policy: TrafficPolicy | undefined,
): T[] {
  const open = instances.filter((one) => !isNamed(one));
  const shares = new Set(policy && sharing(policy).map(({ version }) => version));
  const sharers = open.filter(({ version }) => shares.has(version));
  return sharers.length > 0 ? sharers : open;
}

/** Whom a call may go to, the best first: a group is asked when nobody before it can be. */
export function groupsFor<T extends Choosable>(
  instances: readonly T[],
  policy: TrafficPolicy | undefined,
  { cohort, me }: Wish,
  random: () => number = Math.random,
): T[][] {
  const others = standIns(instances, policy);
  const mine = instances.filter(
    ({ service, version }) => me?.service === service && me.version === version,
  );
  const named = mine.filter(isNamed);
  const chosen = named.length > 0 ? named : mine;
  if (chosen.length > 0) return [chosen, others];
  if (!policy) return [others];
  const drawn = Math.floor(random() * bucketCount);
  const bucket = policy.sticky ? (cohort ?? drawn) : drawn;
  const version = versionOf(policy, bucket, new Set(others.map((one) => one.version)));
  return [others.filter((one) => one.version === version), others];
}

function runsOf(owners: readonly string[]): Share[] {
  const runs: Share[] = [];
  for (const version of owners) {
    const last = runs.at(-1);
    if (last?.version === version) last.percent += 1;
    else runs.push({ version, percent: 1 });
  }
  return runs;
}
