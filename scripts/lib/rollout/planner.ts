/**
 * The next step of an upgrade, from what it wants and what runs. Pure: every rule of the order in
 * which instances come and go is here. run-upgrade.ts does the steps and asks again after each.
 *
 * Nothing is remembered but the phase and who was proved, so it makes no difference whether the last
 * step was done by this command, by one that was killed in the middle of it, or not at all. The
 * rules: no fewer instances serve than before the upgrade began, no more than one is started at a
 * time, and an old one leaves only when a new one in its place was seen answering.
 */
import { sameShares, sharesAfter, sharesWhile, sharesWith } from './shares.ts';
import type { Seen, Shares, Step, Upgrade } from './state.ts';

/** `now`: the shares in force. */
export function nextStep(upgrade: Upgrade, seen: readonly Seen[], now: Shares | undefined): Step {
  const scene = sceneOf(upgrade, seen, now);
  const dead = [...scene.news, ...scene.olds].find(({ state }) => state === 'dead');
  if (dead) return { do: 'stop', program: dead.program };
  switch (upgrade.phase.name) {
    case 'trying':
      return withOneMore(scene) ?? proof(scene) ?? { do: 'rest' };
    case 'judging':
      return judging(scene, upgrade.phase.percent);
    case 'rolling':
      return upgrade.single ? replaceInPlace(scene) : rolling(scene);
    case 'returning':
      return upgrade.single ? putBackInPlace(scene) : returning(scene, upgrade.phase.blamed);
  }
}

interface Scene {
  upgrade: Upgrade;
  /** Of the new release; who is leaving does not count any more. */
  news: readonly Seen[];
  /** Of the releases that it replaces. */
  olds: readonly Seen[];
  /** How many places there are to fill. */
  places: number;
  now: Shares | undefined;
}

function sceneOf(upgrade: Upgrade, seen: readonly Seen[], now: Shares | undefined): Scene {
  const staying = seen.filter(({ state }) => state !== 'leaving');
  const versions = new Set(upgrade.was.map(({ version }) => version));
  const news = staying.filter(({ version }) => version === upgrade.to);
  const olds = staying.filter(({ version }) => version !== upgrade.to && versions.has(version));
  const places = upgrade.was.reduce((sum, { count }) => sum + count, 0);
  return { upgrade, news, olds, places, now };
}

const serves = ({ state }: Seen): boolean => state === 'serving';

function judging(scene: Scene, percent: number): Step {
  // Before it starts: from its first moment on it gets its share and no more.
  const share = shareTo(scene, sharesWith(scene.upgrade, percent));
  const step = share ?? withOneMore(scene);
  if (step) return step;
  const [one] = scene.news;
  if (one?.instance === undefined) return { do: 'rest' };
  return { do: 'judge', program: one.program, instance: one.instance };
}

function rolling(scene: Scene): Step {
  const { upgrade, news, olds, places } = scene;
  const waiting = awaiting(news);
  if (waiting) return waiting;
  const share = upgrade.usesShares && shareTo(scene, rollingShares(scene));
  if (share) return share;
  const unproved = proof(scene);
  if (unproved) return unproved;
  if (news.length + olds.length > places) return stopOne(olds.length > 0 ? olds : news);
  if (news.length < places) return { do: 'start', version: upgrade.to };
  return conclusion(upgrade);
}

function conclusion({ contraction }: Upgrade): Step {
  return { do: contraction === 'none' || contraction === 'done' ? 'finish' : 'contract' };
}

function rollingShares({ upgrade, news, olds }: Scene): Shares | undefined {
  return olds.length === 0 ? sharesAfter(upgrade) : sharesWhile(upgrade, news.length);
}

function returning(scene: Scene, blamed: string | undefined): Step {
  const { upgrade, news, olds, places } = scene;
  const isBad = (one: Seen) => one.instance === blamed || !serves(one);
  const bad = news.find(isBad);
  const good = news.length - news.filter(isBad).length;
  const back = olds.filter(serves).length;
  const share = upgrade.usesShares && shareTo(scene, returningShares(scene, back, good));
  if (share) return share;
  const surplus = news.length > countBefore(upgrade);
  // One that answers badly is better than nobody.
  if (bad && (!serves(bad) || (surplus && good + back > 0))) return stopOne([bad]);
  const waiting = awaiting(olds);
  if (waiting) return waiting;
  const missing = missingOf(scene);
  if (surplus && (missing === undefined || back + news.length > places)) return stopOne(news);
  return missing === undefined ? { do: 'finish' } : { do: 'start', version: missing };
}

function returningShares(scene: Scene, back: number, good: number): Shares | undefined {
  const { upgrade, news, places } = scene;
  const isAsBefore = news.length <= countBefore(upgrade) && missingOf(scene) === undefined;
  return isAsBefore ? upgrade.sharesBefore : sharesWhile(upgrade, Math.min(good, places - back));
}

/** How many of the new release ran when it began. */
function countBefore({ to, was }: Upgrade): number {
  return was.find(({ version }) => version === to)?.count ?? 0;
}

/** The old one goes first: the two would get in each other's way. */
function replaceInPlace(scene: Scene): Step {
  if (scene.olds.length > 0) return stopOne(scene.olds);
  return withOneMore(scene) ?? proof(scene) ?? conclusion(scene.upgrade);
}

function putBackInPlace(scene: Scene): Step {
  if (scene.news.length > 0) return stopOne(scene.news);
  const missing = missingOf(scene);
  if (missing !== undefined) return { do: 'start', version: missing };
  return awaiting(scene.olds) ?? { do: 'finish' };
}

/** Until there is one of the new release, and it serves. */
function withOneMore({ news, upgrade }: Scene): Step | undefined {
  return news.length === 0 ? { do: 'start', version: upgrade.to } : awaiting(news);
}

function awaiting(some: readonly Seen[]): Step | undefined {
  const late = some.find((one) => !serves(one));
  return late && { do: 'await', program: late.program };
}

function proof({ news, upgrade }: Scene): Step | undefined {
  for (const { program, instance } of news) {
    if (instance === undefined || upgrade.proved.includes(instance)) continue;
    return { do: 'prove', program, instance };
  }
  return undefined;
}

function shareTo({ now }: Scene, shares: Shares | undefined): Step | undefined {
  return sameShares(now, shares) ? undefined : { do: 'share', shares };
}

/** Whoever serves least well, and of the others the one that was added last. */
function stopOne(some: readonly Seen[]): Step {
  const chosen = some.find((one) => !serves(one)) ?? some.at(-1);
  if (chosen === undefined) throw new Error('expected an instance that can be stopped');
  return { do: 'stop', program: chosen.program };
}

/** A release of which fewer run than did. */
function missingOf({ upgrade, olds, news }: Scene): string | undefined {
  const staying = [...olds, ...news];
  return upgrade.was.find(
    ({ version, count }) => staying.filter((one) => one.version === version).length < count,
  )?.version;
}
