/**
 * The traffic policies of a stack, as Consul keeps them: read, written, taken away, and waited for.
 *
 * `mf traffic` and `mf upgrade` come here. Who obeys them reads for themselves: lb for HAProxy, and
 * every service for its own calls (common/registry). Whether a policy makes sense is the caller's
 * question; that it is one at all is seen to here.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import {
  policyKey,
  policySchema,
  type TrafficPolicy,
  withShares,
} from '@microflack/common/registry/policy.ts';
import { z } from 'zod';
import { type PlanReport, planReport } from '../../services/lb/plan-report.ts';
import { messageOf, StepFailure } from './failure.ts';
import { haproxySettings } from './parts/haproxy.ts';
import { answerMs } from './patience.ts';
import { type Stack, stackOption } from './stack.ts';

const inForceWithinMs = 5 * answerMs;
const pollMs = 20;

/** Says that there is none: only a word of Consul's ends a policy, as an empty Consul may just be a new one. */
const noPolicy = 'null';

const stored = z
  .array(z.object({ Value: z.base64(), ModifyIndex: z.number() }))
  .length(1)
  .transform(([entry]) => entry);

interface Stored {
  policy: TrafficPolicy | undefined;
  /** Consul's number of this state; 0 where there never was one. */
  index: number;
}

export async function readPolicy(
  stack: Stack,
  service: string,
): Promise<TrafficPolicy | undefined> {
  return (await read(stack, service)).policy;
}

/** The buckets of the policy before are kept as far as the shares allow. */
export async function writePolicy(
  stack: Stack,
  service: string,
  policy: TrafficPolicy,
): Promise<void> {
  const checked = policySchema.parse(policy);
  const before = await read(stack, service);
  const after = withShares(before.policy, checked);
  const written = await replace(stack, service, before, JSON.stringify(after));
  // Somebody else was quicker: their buckets are the ones to keep.
  if (!written) await writePolicy(stack, service, policy);
}

export async function removePolicy(stack: Stack, service: string): Promise<void> {
  const before = await read(stack, service);
  if (before.policy === undefined) return;
  if (!(await replace(stack, service, before, noPolicy))) await removePolicy(stack, service);
}

/** Resolves when HAProxy does what Consul says of this service, and Consul says this. */
export async function policyInForce(
  stack: Stack,
  service: string,
  policy: TrafficPolicy | undefined,
): Promise<void> {
  const givesUpAt = performance.now() + inForceWithinMs;
  for (;;) {
    const complaint = await complaintAbout(stack, service, policy).catch(messageOf);
    if (complaint === undefined) return;
    if (performance.now() > givesUpAt) {
      const why = `the policy of ${service} is written, and not in force: ${complaint}`;
      throw new StepFailure('traffic', why, `mf plan${stackOption(stack.name)}`);
    }
    await wait(pollMs);
  }
}

/** What lb has left to do in this stack. */
export function planOfStack(stack: Stack): Promise<PlanReport> {
  return planReport({
    ...haproxySettings(stack),
    CONSUL_URL: `http://127.0.0.1:${stack.ports.consulHttp}`,
    CONSUL_TOKEN: stack.secrets.consulManagement,
  });
}

async function complaintAbout(
  stack: Stack,
  service: string,
  policy: TrafficPolicy | undefined,
): Promise<string | undefined> {
  const now = await readPolicy(stack, service);
  if (!isDeepStrictEqual(now?.shares, policy?.shares)) return 'somebody has changed it meanwhile';
  const { behind } = await planOfStack(stack);
  return behind.includes(service) ? 'HAProxy does not do so yet' : undefined;
}

async function read(stack: Stack, service: string): Promise<Stored> {
  const answer = await ask(stack, service, 'GET');
  if (answer.status === 404) return { policy: undefined, index: 0 };
  const entry = stored.parse(JSON.parse(answer.text));
  if (entry === undefined) return { policy: undefined, index: 0 };
  const value: unknown = JSON.parse(Buffer.from(entry.Value, 'base64').toString());
  return { policy: policySchema.nullable().parse(value) ?? undefined, index: entry.ModifyIndex };
}

/** False where somebody else has written since. */
async function replace(
  stack: Stack,
  service: string,
  { index }: Stored,
  text: string,
): Promise<boolean> {
  const answer = await ask(stack, service, 'PUT', `?cas=${index}`, text);
  return answer.text.trim() === 'true';
}

async function ask(
  { ports, secrets }: Stack,
  service: string,
  method: 'GET' | 'PUT',
  query = '',
  body?: string,
): Promise<{ status: number; text: string }> {
  const key = policyKey(encodeURIComponent(service));
  const url = `http://127.0.0.1:${ports.consulHttp}/v1/kv/${key}${query}`;
  const answer = await fetch(url, {
    method,
    headers: { 'x-consul-token': secrets.consulManagement },
    signal: AbortSignal.timeout(answerMs),
    ...(body !== undefined && { body }),
  });
  const text = await answer.text();
  if (!answer.ok && answer.status !== 404) {
    throw new Error(`Consul answers ${answer.status}: ${text}`);
  }
  return { status: answer.status, text };
}
