/**
 * What a receipt is: the record that a command leaves of what it did and what people noticed of it.
 *
 * recorder.ts fills one in, store.ts keeps it, page.ts makes it readable. Pure. README.md says what
 * each number counts, and what a failed request is.
 */
import { z } from 'zod';

const count = z.number().int().min(0);
const seconds = z.number().min(0);

/** What HAProxy had to do for a request besides passing it on. */
const effort = {
  requests: count,
  /** 5xx, whoever gave it. */
  failed: count,
  retried: count,
  redispatched: count,
  connectErrors: count,
};

export const versionShare = z.object({
  service: z.string(),
  version: z.string(),
  instances: count,
  ...effort,
  /** As its instances measured it themselves, calls of other services included. */
  measured: count,
  p50Ms: z.number().optional(),
  p99Ms: z.number().optional(),
});

export const requestCounts = z.object({
  ...effort,
  /** Ended without an answer: HAProxy closed the connection. */
  unanswered: count,
  /** 503 in the name of a service that nobody ran, nor was meant to. */
  unserved: count,
  clientAborts: count,
  /** The command's own, to try a version out. They are in `requests`, but their failures in nothing. */
  probes: count.default(0),
});

export const witnessCounts = z.object({
  sent: count,
  /** Posts that were not answered with 201 and had to be sent again. */
  failed: count,
  /** Posts that were never acknowledged, however often they were sent. */
  abandoned: count,
  seen: count,
  lost: count,
  doubled: count,
  outOfOrder: count,
  reconnects: count,
  /** From a post's acknowledgement to its arrival at the reader. */
  slowestMs: count,
});

export const receiptSchema = z.object({
  format: z.literal(1),
  id: z.string(),
  command: z.string(),
  service: z.string(),
  stack: z.string(),
  by: z.string(),
  begun: z.iso.datetime(),
  seconds,
  verdict: z.enum(['kept', 'broken', 'failed']),
  /** Why it is not kept. */
  reasons: z.array(z.string()),
  steps: z.array(z.object({ step: z.string(), did: z.string(), seconds })),
  notes: z.array(
    z.object({
      at: seconds,
      step: z.string(),
      detail: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  requests: requestCounts,
  versions: z.array(versionShare),
  sockets: z.object({ before: count, moved: count, after: count }),
  witness: witnessCounts.optional(),
  /** What could not be counted. */
  gaps: z.array(z.string()),
});

export type Receipt = z.infer<typeof receiptSchema>;
export type RequestCounts = z.infer<typeof requestCounts>;
export type VersionShare = z.infer<typeof versionShare>;
export type WitnessCounts = z.infer<typeof witnessCounts>;

/** Everything that went wrong for people while it was done. Empty where the promise was kept. */
export function brokenPromises(
  requests: RequestCounts,
  witness: WitnessCounts | undefined,
): string[] {
  return [
    told(requests.failed, 'request failed', 'requests failed'),
    told(requests.unanswered, 'request was not answered', 'requests were not answered'),
    told(witness?.failed, 'post of the witness failed', 'posts of the witness failed'),
    told(witness?.abandoned, 'message was never taken', 'messages were never taken'),
    told(witness?.lost, 'message was lost', 'messages were lost'),
    told(witness?.doubled, 'message came twice', 'messages came twice'),
    told(witness?.outOfOrder, 'message was out of order', 'messages were out of order'),
  ].flatMap((reason) => reason ?? []);
}

function told(number: number | undefined, one: string, many: string): string | undefined {
  return number ? `${number} ${number === 1 ? one : many}` : undefined;
}

/** `20261121-134012-kill-messages-3f2a`: sorts by time, and can be typed. */
export function receiptId(command: string, service: string, begun: Date, salt: string): string {
  const [day = '', time = ''] = begun.toISOString().replaceAll(/[-:]/g, '').split(/[T.]/);
  const words = [command.split(' ')[0] ?? '', service].join('-').replaceAll(/[^\w.-]+/g, '-');
  return `${day}-${time}-${words}-${salt}`;
}
