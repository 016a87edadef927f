/**
 * The page's client, made once: session, services, what works, and the chat of whoever is signed in. Given to React by
 * `main.tsx`. Refuses to draw anything.
 */
import { ApiError, createApi } from './api.ts';
import { type Chat, createChat } from './chat.ts';
import { createEndpoints } from './endpoints.ts';
import { type Health, healthy, reduceHealth } from './health.ts';
import { createSessionKeeper } from './session-keeper.ts';
import { createShelf } from './shelf.ts';
import { createStore } from './store.ts';

export type Client = ReturnType<typeof createClient>;

const renewalLock = 'microflack.renewal';

export function createClient() {
  const shelf = createShelf(() => window.localStorage, window);
  const health = createStore<Health>(healthy);
  const chat = createStore<Chat | undefined>(undefined);
  const call = createApi({
    fetch: (input, init) => window.fetch(input, init),
    onOutcome: (event) => health.update((now) => reduceHealth(now, event)),
  });
  const endpoints = createEndpoints(call, {
    current: () => session.current()?.token,
    replace: (refused) => session.replace(refused),
  });
  const session = createSessionKeeper({ shelf, renew: endpoints.renew, lock: acrossTabs });

  function follow(): void {
    const userId = session.current()?.userId;
    const running = chat.get();
    if (running?.userId === userId) return;
    running?.stop();
    chat.set(
      userId === undefined ? undefined : createChat({ userId, endpoints, session, health, shelf }),
    );
  }

  session.state.subscribe(follow);
  follow();

  return {
    shelf,
    health,
    chat,
    endpoints,
    session,
    /**
     * Here and in the other tabs at once, before the server can tell them that their token is refused: they would take
     * it for an expired one. Where the tokens service cannot be told, the next screen says so.
     */
    async signOut(): Promise<void> {
      const token = session.current()?.token;
      if (!token) return;
      session.end('left');
      try {
        await endpoints.signOut(token);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.status !== 401) session.admitUntold();
      }
    },
  };
}

/** Web Locks exist on secure origins only. Without them two tabs may both renew, which costs a request and no more. */
function acrossTabs<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks ? navigator.locks.request(renewalLock, work) : work();
}
