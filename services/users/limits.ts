/**
 * How often a password may be guessed, and how many people may register from one network.
 *
 * Only failures to sign in are counted, in three ways: of an account from one network, from one
 * network for whatever account, and of an account from networks that it never signed in from. The
 * last two do not hold where the account signed in before: so nobody is locked out at their usual
 * place by what somebody does elsewhere, or by what others at a shared address do to other accounts.
 * For simplicity: who shares a network with an attacker waits the five minutes. A cookie a device
 * would tell the two apart.
 *
 * register.ts and sign-in.ts ask here; where the counts are kept is given in by count-store.ts.
 */
import { tooManyRequests } from '@microflack/common/errors.ts';
import { type RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';

/** An account by its id, or by the name that was tried where there is none; a network by networkOf(). */
export interface Origin {
  account: string;
  network: string;
}

export interface Limits {
  /** Throws 429 where the account may not be signed in to from there for now. */
  assertMaySignIn(origin: Origin): Promise<void>;
  failed(origin: Origin): Promise<void>;
  /** Signed in or registered: the account is at home there from now on. */
  succeeded(origin: Origin): Promise<void>;
  /** Counts a registration; throws 429 beyond the limit. */
  registering(network: string): Promise<void>;
}

export interface LimitSettings {
  registrationsPerMinute: number;
  signInFailuresPerAccount: number;
  signInFailuresPerNetwork: number;
}

/** Makes a counter that allows `points` in `seconds`; what it counts survives as `name`. */
export type MakeCounter = (name: string, points: number, seconds: number) => RateLimiterAbstract;

const minuteSeconds = 60;
const guessingSeconds = 5 * minuteSeconds;
const strangersSeconds = 60 * minuteSeconds;
/** 20 days: in memory it is a timer, and those of Node end at 24.8 days. */
const homeSeconds = 20 * 24 * 60 * minuteSeconds;
/** From networks where the account is not at home: ten of them at once, and no more. */
const strangersFactor = 10;

export function createLimits(makeCounter: MakeCounter, settings: LimitSettings): Limits {
  const perAccount = settings.signInFailuresPerAccount;
  const here = makeCounter('failures-here', perAccount, guessingSeconds);
  const network = makeCounter(
    'failures-network',
    settings.signInFailuresPerNetwork,
    guessingSeconds,
  );
  const strangers = makeCounter(
    'failures-strangers',
    perAccount * strangersFactor,
    strangersSeconds,
  );
  const home = makeCounter('home', 1, homeSeconds);
  const registrations = makeCounter(
    'registrations',
    settings.registrationsPerMinute,
    minuteSeconds,
  );

  return {
    async assertMaySignIn(origin) {
      const [isHome, ...counts] = await Promise.all([
        home.get(hereKey(origin)),
        here.get(hereKey(origin)),
        network.get(origin.network),
        strangers.get(origin.account),
      ]);
      const [hereCount, networkCount, strangersCount] = counts;
      refuseBeyond(here.points, hereCount);
      if (isHome) return;
      refuseBeyond(network.points, networkCount);
      refuseBeyond(strangers.points, strangersCount);
    },
    async failed(origin) {
      // penalty() counts without an opinion; consume() would reject beyond the limit.
      await Promise.all([
        here.penalty(hereKey(origin)),
        network.penalty(origin.network),
        strangers.penalty(origin.account),
      ]);
    },
    async succeeded(origin) {
      // The network's count stays: an attacker could clear it by signing in to an account of their own.
      await Promise.all([home.set(hereKey(origin), 1, homeSeconds), here.delete(hereKey(origin))]);
    },
    async registering(from) {
      try {
        await registrations.consume(from);
      } catch (error) {
        if (error instanceof RateLimiterRes) throw refused(error);
        throw error;
      }
    },
  };
}

const hereKey = ({ account, network }: Origin): string => `${account}@${network}`;

function refuseBeyond(points: number, count: RateLimiterRes | null): void {
  if (count && count.consumedPoints >= points) throw refused(count);
}

const refused = ({ msBeforeNext }: RateLimiterRes) =>
  tooManyRequests(Math.max(1, msBeforeNext / 1000), 'too many attempts; wait and try again');
