/**
 * Who has a socket open at this instance, and when to tell the users service. sessions.ts opens and
 * closes; main.ts gives the `report` that sends. What goes out is always the complete set, so that a
 * lost or late report is healed by the next: soon after a change (several make one report), regularly
 * as the heartbeat of the lease, and again after a failure. It never has two reports under way.
 */
import type { Logger } from '@microflack/common/log.ts';

const coalesceMs = 50;
const retryMs = 1_000;

export interface PresenceTimes {
  presenceGraceMs: number;
  presenceHeartbeatMs: number;
}

export interface Presence {
  opened(userId: number): void;
  closed(userId: number): void;
  online(): number[];
  /** Waits for those who just left, then takes this instance's lease back. */
  stop(): Promise<void>;
}

type Log = Pick<Logger, 'info' | 'warn'>;

export function createPresence(
  report: (online: number[]) => Promise<void>,
  log: Log,
  { presenceGraceMs: graceMs, presenceHeartbeatMs: heartbeatMs }: PresenceTimes,
): Presence {
  const socketsOf = new Map<number, number>();
  const leaving = new Map<number, NodeJS.Timeout>();
  const online = (): number[] => [...socketsOf.keys(), ...leaving.keys()];
  const reporter = createReporter(() => report(online()), log, heartbeatMs);

  return {
    opened(userId) {
      const open = socketsOf.get(userId) ?? 0;
      socketsOf.set(userId, open + 1);
      if (open > 0) return;
      const wasLeaving = leaving.get(userId);
      clearTimeout(wasLeaving);
      leaving.delete(userId);
      if (!wasLeaving) reporter.changed();
    },
    closed(userId) {
      const open = socketsOf.get(userId) ?? 0;
      if (open > 1) {
        socketsOf.set(userId, open - 1);
        return;
      }
      if (!socketsOf.delete(userId)) return;
      const gone = (): void => {
        leaving.delete(userId);
        reporter.changed();
      };
      leaving.set(userId, setTimeout(gone, graceMs));
    },
    online,
    async stop() {
      if (leaving.size > 0) await new Promise((resolve) => setTimeout(resolve, graceMs));
      await reporter.stop();
    },
  };
}

interface Reporter {
  changed(): void;
  stop(): Promise<void>;
}

function createReporter(send: () => Promise<void>, log: Log, heartbeatMs: number): Reporter {
  let timer = setTimeout(run, heartbeatMs);
  let sending: Promise<void> | undefined;
  let changedSince = false;
  let failing = false;
  let stopped = false;

  function run(): void {
    changedSince = false;
    sending = attempt().then(() => {
      sending = undefined;
      if (!stopped) timer = setTimeout(run, pause());
    });
  }

  function pause(): number {
    if (failing) return retryMs;
    return changedSince ? coalesceMs : heartbeatMs;
  }

  async function attempt(): Promise<void> {
    try {
      await send();
      if (failing) log.info({ event: 'presence.recovered' }, 'presence is reported again');
      failing = false;
    } catch (error) {
      if (!failing) log.warn({ event: 'presence.failed', err: error }, 'presence not reported');
      failing = true;
    }
  }

  return {
    changed() {
      if (changedSince || stopped) return;
      changedSince = true;
      if (sending || failing) return; // the next report, already on its way, says it all
      clearTimeout(timer);
      timer = setTimeout(run, coalesceMs);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await sending;
      await attempt();
    },
  };
}
