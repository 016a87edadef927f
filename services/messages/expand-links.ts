/**
 * Reads the pages that a message links to, after the message was acknowledged, and appends a card for each that could be
 * read. A few at a time, and a short queue: what does not fit, or is lost with an instance, is still marked in the
 * database, and swept up by any instance later. Never holds up a post, and never undoes an edit.
 */
import type { Publisher } from '@microflack/common/events/publish.ts';
import type { Logger } from '@microflack/common/log.ts';
import { pause } from '@microflack/common/pause.ts';
import type { Pool } from 'mysql2/promise';
import { type Card, withCards } from './links/card.ts';
import { fetchPageHead } from './links/fetch.ts';
import type { Guard } from './links/guard.ts';
import { messageChanged } from './message-changed.ts';
import { render } from './render.ts';
import { changeMessage } from './store/changes.ts';
import { claimDueLinks, forgetLinks } from './store/due-links.ts';

export interface LinkExpander {
  /** Soon, if there is room in the queue; else by a later sweep. */
  expand(job: ExpandJob): void;
  sweepUntil(signal: AbortSignal, intervalMs: number): Promise<void>;
  /** Resolves when nothing is being read any more; what still waits is left to a sweep. */
  finish(): Promise<void>;
}

interface ExpandJob {
  readonly id: number;
  /** Of which edit these are the links. */
  readonly rev: number;
  readonly links: readonly string[];
}

export interface ExpanderTools {
  readonly pool: Pool;
  readonly publisher: Publisher;
  readonly guard: Guard;
  readonly log: Logger;
}

const linksMax = 3;
const jobsAtOnce = 4;
/** At three seconds a job and four at once the last one is reached within its lease. */
const waitingMax = 100;

export function createLinkExpander(tools: ExpanderTools): LinkExpander {
  const { pool, log } = tools;
  const waiting: ExpandJob[] = [];
  const running = new Set<Promise<void>>();
  let finishing = false;

  function startNext(): void {
    while (running.size < jobsAtOnce && !finishing) {
      const job = waiting.shift();
      if (!job) return;
      const run = expandLinks(tools, job)
        .catch((error: unknown) => {
          log.warn({ event: 'links.failed', id: job.id, err: error }, 'links were not expanded');
        })
        .finally(() => {
          running.delete(run);
          startNext();
        });
      running.add(run);
    }
  }

  async function sweep(): Promise<void> {
    const free = waitingMax - waiting.length;
    for (const { id, rev, source } of await claimDueLinks(pool, free)) {
      waiting.push({ id, rev, links: render(source).links });
    }
    startNext();
  }

  return {
    expand(job) {
      if (waiting.length >= waitingMax) return;
      waiting.push(job);
      startNext();
    },
    async sweepUntil(signal, intervalMs) {
      while (!signal.aborted) {
        await sweep().catch((error: unknown) => {
          log.warn({ event: 'links.unswept', err: error }, 'did not look for links left behind');
        });
        await pause(intervalMs, signal);
      }
    },
    async finish() {
      finishing = true;
      await Promise.all(running);
    },
  };
}

async function expandLinks(tools: ExpanderTools, { id, rev, links }: ExpandJob): Promise<void> {
  const { pool, publisher } = tools;
  const found = await Promise.all(links.slice(0, linksMax).map((url) => readCard(tools, id, url)));
  const cards = found.filter((card) => card !== undefined);
  if (cards.length === 0) return forgetLinks(pool, { id, rev });
  const changed = await changeMessage(pool, id, (current) => {
    const isDue = current?.rev === rev && current.links_due_at !== null;
    // Edited or deleted meanwhile, or expanded by another instance: what was read is of no use any more.
    return isDue ? { html: withCards(current.html, cards), links_due_at: null } : undefined;
  });
  if (changed) await publisher.publish([messageChanged(changed)]);
}

async function readCard(
  { guard, log }: ExpanderTools,
  id: number,
  url: string,
): Promise<Card | undefined> {
  try {
    return { url, ...(await fetchPageHead(url, guard)) };
  } catch (error) {
    // The address is part of what somebody wrote, and so is not logged.
    log.debug({ event: 'link.unreadable', id, err: error }, 'a link could not be read');
    return undefined;
  }
}
