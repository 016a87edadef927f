/** What every measurement is given: where the stack is, who may post, and how long it may take. */
import { registerAndSignIn } from './load/person.ts';
import type { MeasuredStack } from './stack.ts';

export interface Bench extends MeasuredStack {
  /** Of as many people as there are lanes that post. */
  tokens: string[];
  warmUpMs: number;
  measureMs: number;
  quick: boolean;
}

/** The predecessor's figures on a machine like this one: what is to be beaten. */
export const predecessor = {
  postsPerSecond: 131,
  readsPerSecond: [382, 932],
  signInsPerSecond: 7.8,
  fanOutMs: { p50: 15, p99: 26 },
  memoryMb: 1_060,
  /** Of three instances: 15 s after each. */
  rollSeconds: 45,
} as const;

const people = 16;

export async function prepare(measured: MeasuredStack, quick: boolean): Promise<Bench> {
  const tokens: string[] = [];
  while (tokens.length < people) tokens.push(await registerAndSignIn(measured.url));
  const times = quick ? { warmUpMs: 500, measureMs: 2_000 } : { warmUpMs: 2_000, measureMs: 8_000 };
  return { ...measured, tokens, ...times, quick };
}
