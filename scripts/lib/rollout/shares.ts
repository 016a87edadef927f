/**
 * Which shares of the requests the versions get while an upgrade goes on. Pure; planner.ts asks.
 *
 * As many hundredths move as places have been taken over: of three instances the first takes a
 * third. Without shares, HAProxy does the same by itself, as every instance counts alike.
 */
import type { Shares, Upgrade } from './state.ts';

/** While `taken` of the places belong to the new release. */
export function sharesWhile(upgrade: Upgrade, taken: number): Shares {
  const all = upgrade.was.reduce((sum, { count }) => sum + count, 0);
  return sharesWith(upgrade, Math.floor((100 * Math.min(taken, all)) / all));
}

/** The new release has `percent`, and the old ones what they had of the rest. */
export function sharesWith(upgrade: Upgrade, percent: number): Shares {
  const { to, was, sharesBefore } = upgrade;
  const before =
    sharesBefore?.shares ?? was.map(({ version, count }) => ({ version, percent: count }));
  const old = before.filter(({ version }) => version !== to);
  // Everything was the new release's before already.
  const weights = old.some(({ percent: share }) => share > 0) ? old : equally(upgrade);
  const shares = [...divide(100 - percent, weights), { version: to, percent }];
  return { shares, sticky: sharesBefore?.sticky ?? false };
}

/** When nothing but the new release runs: shares only where there were some before. */
export function sharesAfter({ to, sharesBefore }: Upgrade): Shares | undefined {
  if (sharesBefore === undefined) return undefined;
  return { shares: [{ version: to, percent: 100 }], sticky: sharesBefore.sticky };
}

export function sameShares(one: Shares | undefined, other: Shares | undefined): boolean {
  return textOf(one) === textOf(other);
}

function textOf(policy: Shares | undefined): string {
  if (policy === undefined) return '';
  const given = policy.shares.filter(({ percent }) => percent > 0);
  const sorted = given.map(({ version, percent }) => `${version}=${percent}`).sort();
  return `${sorted.join()} ${policy.sticky}`;
}

function equally({ was, to }: Upgrade): Shares['shares'] {
  return was
    .filter(({ version }) => version !== to)
    .map(({ version, count }) => ({ version, percent: count }));
}

/** Whole hundredths that add up to `total`, in proportion to the weights. */
function divide(total: number, weights: Shares['shares']): Shares['shares'] {
  const sum = weights.reduce((all, { percent }) => all + percent, 0);
  let [weight, given] = [0, 0];
  return weights.map(({ version, percent }) => {
    weight += percent;
    const upTo = Math.round((total * weight) / sum);
    const share = { version, percent: upTo - given };
    given = upTo;
    return share;
  });
}
