/**
 * Keeps somebody signed in: holds the session, renews its token before it ends, and ends it. Used by the chat and the sign-in.
 *
 * The token lies in localStorage. Kept per tab (sessionStorage) it would be lost with the tab, and every new tab
 * would ask for the password; in a cookie it would not be the bearer token that the wire asks for. What localStorage
 * costs, that a script in the page could read it, is answered by letting no foreign script run (CSP) and by tokens that live
 * an hour and can be revoked. All tabs share it: one renews for all, and a sign-out in one is a sign-out in all.
 * Refuses to know drafts and unsent messages: they outlive a session.
 */
import { ApiError } from './api.ts';
import { renewalTime, type Session, sessionFrom, sessionModel } from './session.ts';
import type { Shelf } from './shelf.ts';
import { createStore } from './store.ts';
import { createWorker } from './worker.ts';

export type SessionState =
  | { kind: 'signed-in'; session: Session }
  | {
      kind: 'signed-out';
      because: 'nobody' | 'left' | 'left-elsewhere' | 'expired' | 'left-untold';
    };

export type SessionKeeper = ReturnType<typeof createSessionKeeper>;

interface SessionKeeperOptions {
  readonly shelf: Shelf;
  readonly renew: (token: string) => Promise<string>;
  /** Runs one piece of work at a time across all tabs, where the browser can (Web Locks). */
  readonly lock: <T>(work: () => Promise<T>) => Promise<T>;
}

const shelfName = 'session';
/** Timers stop while a machine sleeps: look at the clock again at least this often. */
const longestWaitMs = 60_000;

export function createSessionKeeper({ shelf, renew, lock }: SessionKeeperOptions) {
  const stored = () => shelf.read(shelfName, sessionModel);
  const state = createStore<SessionState>({ kind: 'signed-out', because: 'nobody' });
  const current = () => {
    const now = state.get();
    return now.kind === 'signed-in' ? now.session : undefined;
  };

  const worker = createWorker(async () => {
    const session = current();
    if (!session) return undefined;
    const wait = renewalTime(session) - Date.now();
    if (wait > 0) return Math.min(wait, longestWaitMs);
    await renewOnce(session.token);
    return 0;
  });

  function adopt(session: Session): void {
    state.set({ kind: 'signed-in', session });
    worker.wake();
  }

  function begin(token: string): boolean {
    const session = sessionFrom(token, Date.now());
    if (!session) return false;
    shelf.write(shelfName, session);
    adopt(session);
    return true;
  }

  function end(because: Exclude<SessionState, { kind: 'signed-in' }>['because']): void {
    if (!current()) return;
    shelf.remove(shelfName);
    state.set({ kind: 'signed-out', because });
  }

  /** Renews unless another tab has done so while this one waited for the lock. Throws where tokens does not answer. */
  function renewOnce(token: string): Promise<string | undefined> {
    return lock(async () => {
      const latest = stored();
      if (!latest) {
        end('left-elsewhere');
        return undefined;
      }
      if (latest.token !== token) {
        adopt(latest);
        return latest.token;
      }
      try {
        return begin(await renew(token)) ? current()?.token : undefined;
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 401) throw error;
        end('expired');
        return undefined;
      }
    });
  }

  const unwatch = shelf.watch((name) => {
    if (name !== shelfName) return;
    const session = stored();
    if (session) adopt(session);
    else if (current()) state.set({ kind: 'signed-out', because: 'left-elsewhere' });
  });
  const kept = stored();
  if (kept) adopt(kept);

  return {
    state,
    current,
    begin,
    end,
    /** The token of the session that was just left is still good: nobody could be told. */
    admitUntold(): void {
      const now = state.get();
      if (now.kind === 'signed-out') state.set({ ...now, because: 'left-untold' });
    },
    /** A token was refused: another that may work, or nothing, and then the session is over. */
    async replace(refused: string): Promise<string | undefined> {
      const token = current()?.token;
      return token === refused ? await renewOnce(refused) : token;
    },
    stop(): void {
      unwatch();
      worker.stop();
    },
  };
}
