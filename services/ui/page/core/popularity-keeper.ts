/**
 * Keeps the ranking of the most active people, of a service that may not be there: asks for it every few seconds while
 * somebody looks, and at once when they want it. Used by the chat. Refuses to ask a service that is not there: each
 * time it would be an error in the browser's console.
 */
import { ApiError } from './api.ts';
import type { Endpoints } from './endpoints.ts';
import type { Ranking } from './models.ts';
import { createStore } from './store.ts';
import { createWorker } from './worker.ts';

/** One answer that was waited for; without a time where none came. */
export interface Attempt {
  readonly number: number;
  readonly ms?: number;
  readonly version?: string;
}

export interface Popularity {
  /** The last answer; nothing while the service is not there. */
  readonly ranking: Ranking | undefined;
  /** An answer is being waited for. */
  readonly asking: boolean;
  /** The last few, the latest at the end. */
  readonly attempts: readonly Attempt[];
}

export type PopularityKeeper = ReturnType<typeof createPopularityKeeper>;

/** So soon it is seen when somebody runs the service. */
const absentMs = 1500;
const presentMs = 3000;
const attemptsKept = 16;

const absent: Popularity = { ranking: undefined, asking: false, attempts: [] };

export function createPopularityKeeper(endpoints: Pick<Endpoints, 'services' | 'mostActive'>) {
  const state = createStore<Popularity>(absent);
  let looking = false;
  let asked = 0;

  function tried(outcome: Omit<Attempt, 'number'>, ranking = state.get().ranking): void {
    asked += 1;
    const attempts = [...state.get().attempts, { ...outcome, number: asked }];
    state.set({ ranking, asking: false, attempts: attempts.slice(-attemptsKept) });
  }

  async function askForRanking(): Promise<void> {
    state.update((now) => ({ ...now, asking: true }));
    try {
      const ranking = await endpoints.mostActive();
      tried({ ms: ranking.query_ms, version: ranking.version }, ranking);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      tried({});
    }
  }

  const worker = createWorker(async () => {
    if (!looking) return undefined;
    if (!(await endpoints.services()).includes('popularity')) {
      state.set(absent);
      return absentMs;
    }
    await askForRanking();
    return presentMs;
  });

  return {
    state,
    /** Whether somebody sees the panel: nothing is asked for nobody. */
    look(now: boolean): void {
      looking = now;
      if (looking) worker.hurry();
    },
    hurry: worker.hurry,
    stop: worker.stop,
  };
}
