/**
 * What an upgrade is, as data: what it wants, how far it has decided, and what it sees running.
 *
 * planner.ts derives the next step from these alone, so an upgrade that was killed at whatever point
 * goes on from what is there. journal.ts keeps an Upgrade on disk.
 */
import { z } from 'zod';

const shares = z.strictObject({
  shares: z.array(z.strictObject({ version: z.string(), percent: z.number() })),
  sticky: z.boolean(),
});

/** What share of the requests each version gets; undefined: every instance alike. */
export type Shares = z.infer<typeof shares>;

const phase = z.discriminatedUnion('name', [
  /** One instance of the new release beside the old ones, for as long as people like. */
  z.strictObject({ name: z.literal('trying') }),
  /** One instance of the new release gets a share, until the comparison with the old has a verdict. */
  z.strictObject({ name: z.literal('judging'), percent: z.number() }),
  /** The new release takes the old one's places, one at a time. */
  z.strictObject({ name: z.literal('rolling') }),
  /** What was is put back; `blamed` is the new instance, by its id, that answered badly. */
  z.strictObject({
    name: z.literal('returning'),
    why: z.string(),
    blamed: z.string().optional(),
  }),
]);

export type Phase = z.infer<typeof phase>;

export const upgradeSchema = z.strictObject({
  service: z.string(),
  /** The new release's label. */
  to: z.string(),
  /** There may be only one at a time: it is restarted in its place. */
  single: z.boolean(),
  /** What ran when it began, the new release too: that is what an abort puts back. */
  was: z.array(z.strictObject({ version: z.string(), count: z.int().positive() })),
  sharesBefore: shares.optional(),
  /** Whether versions have shares meanwhile: because they had before, or as a canary needs them. */
  usesShares: z.boolean(),
  phase,
  /** New instances, by their ids, that were seen answering well, or ran before it began. */
  proved: z.array(z.string()),
  /** The new release's migrations that take something away: from `begun` on there is no way back. */
  contraction: z.enum(['none', 'due', 'begun', 'done']),
  begunAt: z.iso.datetime(),
  by: z.string(),
  /** For people: what was being done when it was last heard of. */
  doing: z.string(),
});

export type Upgrade = z.infer<typeof upgradeSchema>;

/** One instance of the service, as planner.ts needs to know it. */
export interface Seen {
  program: string;
  version: string;
  /** Its id in Consul; undefined while it has not registered. */
  instance: string | undefined;
  /** `leaving`: this very command is draining it. `dead`: declared, and no process runs. */
  state: 'starting' | 'serving' | 'leaving' | 'dead';
}

export type Step =
  | { do: 'start'; version: string }
  /** Until it serves. */
  | { do: 'await'; program: string }
  /** Watch how it answers. */
  | { do: 'prove'; program: string; instance: string }
  | { do: 'stop'; program: string }
  | { do: 'share'; shares: Shares | undefined }
  | { do: 'judge'; program: string; instance: string }
  | { do: 'contract' }
  /** A try is in place: what comes next is for people to say. */
  | { do: 'rest' }
  | { do: 'finish' };
