/**
 * The Authenticator of every service: says who a token belongs to without asking anybody.
 * kit.auth() makes one.
 *
 * It keeps the public keys and the revoked sessions of the tokens service, told by events and by a
 * catch-up every 500 ms, so that a revoked token is refused everywhere within a second. While the
 * tokens service is away, what was learned last goes on working. It is ready only after the first
 * sync: an instance that does not know the revocations yet must not serve.
 */
import type { KeyObject } from 'node:crypto';
import { unauthorized } from '../errors.ts';
import type { Logger } from '../log.ts';
import { backoffMs, pause } from '../pause.ts';
import type { Authenticator, Claims } from './authenticator.ts';
import { checkToken, keyIdOf } from './claims.ts';
import { createRevocations, type RevokedPage } from './revocations.ts';

/** Where keys and revocations come from: remote-source.ts, or the tokens service's own store. */
export interface TokenSource {
  keys(): Promise<Map<string, KeyObject>>;
  revoked(after: number): Promise<RevokedPage>;
}

/** Can be told of a revocation by an event, which comes before the catch-up does. */
export interface SyncedAuthenticator extends Authenticator {
  learnRevoked(session: string, expiresAt: number): void;
}

export interface SyncOptions {
  source: TokenSource;
  log: Logger;
  signal: AbortSignal;
}

const catchUpMs = 500;
const keysMaxAgeMs = 60_000;
/**
 * A token with an unknown key id makes us ask for the keys, but strangers cannot make us ask more
 * often.
 */
const keysMinAgeMs = 1_000;
const maxRetryMs = 1_000;
/**
 * Checking an ES256 signature costs 0.1 ms; the same token comes with every request of a person.
 */
const maxCachedTokens = 10_000;

/** Resolves after the first sync, however long the tokens service takes to come. */
export async function createSyncedAuthenticator(
  options: SyncOptions,
): Promise<SyncedAuthenticator> {
  const { source, log, signal } = options;
  const revocations = createRevocations();
  const keyring = createKeyring(source);
  const verified = new Map<string, Claims>();
  let change = 0;

  const sync = async () => {
    if (keyring.isStale()) await keyring.refresh();
    for (let more = true; more; ) {
      const page = await source.revoked(change);
      // A smaller number than ours: their database was made anew, so we begin anew.
      const anew = page.change < change;
      change = anew ? 0 : page.change;
      more = anew || (page.more ?? false);
      for (const { session, expires_at } of page.sessions) revocations.add(session, expires_at);
    }
  };

  await syncUntil({ sync, log, signal, once: true });
  signal.throwIfAborted();
  void syncUntil({ sync, log, signal, once: false });

  return {
    async verify(token) {
      const claims = verified.get(token) ?? checkToken(token, await keyring.find(keyIdOf(token)));
      if (claims.expiresAt <= Date.now() / 1000) {
        verified.delete(token);
        throw unauthorized('expired');
      }
      if (revocations.has(claims.session)) throw unauthorized('revoked');
      remember(verified, token, claims);
      return claims;
    },
    onRevoked: revocations.onRevoked,
    learnRevoked: revocations.add,
  };
}

/**
 * Catches up once, or again and again, for as long as it takes; a failure is told once and not each
 * time.
 */
async function syncUntil(loop: {
  sync(): Promise<void>;
  log: Logger;
  signal: AbortSignal;
  once: boolean;
}): Promise<void> {
  const { sync, log, signal, once } = loop;
  let failures = 0;
  while (!signal.aborted) {
    if (!once && failures === 0) await pause(catchUpMs, signal);
    try {
      await sync();
      if (failures > 0) log.info({ event: 'auth.synced' }, 'tokens service answers again');
      failures = 0;
      if (once) return;
    } catch (error) {
      if (failures === 0) log.warn({ event: 'auth.unsynced', err: error }, 'no tokens service');
      await pause(backoffMs(failures, maxRetryMs), signal);
      failures += 1;
    }
  }
}

function createKeyring(source: TokenSource) {
  let keys = new Map<string, KeyObject>();
  let fetchedAtMs = Number.NEGATIVE_INFINITY;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | undefined;

  const fetch = async () => {
    askedAtMs = performance.now();
    keys = await source.keys();
    fetchedAtMs = performance.now();
  };
  const refresh = () => {
    fetching ??= fetch().finally(() => {
      fetching = undefined;
    });
    return fetching;
  };

  return {
    isStale: () => performance.now() - fetchedAtMs > keysMaxAgeMs,
    refresh,
    async find(id: string | undefined): Promise<KeyObject> {
      if (id === undefined) throw unauthorized('no key id');
      const mayAsk = fetching || performance.now() - askedAtMs > keysMinAgeMs;
      if (!keys.has(id) && mayAsk) await refresh();
      const key = keys.get(id);
      if (!key) throw unauthorized('unknown key id');
      return key;
    },
  };
}

/** A Map keeps the order of insertion: the first one is the one remembered longest. */
function remember(verified: Map<string, Claims>, token: string, claims: Claims): void {
  if (verified.has(token)) return;
  verified.set(token, claims);
  if (verified.size <= maxCachedTokens) return;
  const [oldest] = verified.keys();
  if (oldest !== undefined) verified.delete(oldest);
}
