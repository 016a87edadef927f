/**
 * Name resolution for the link fetcher: its own resolver (c-ares), so that slow name servers cannot fill the four
 * threads that the rest of the process shares, and so that the machine's hosts file has no say.
 */
import { Resolver } from 'node:dns/promises';

const queryTimeoutMs = 1_000;

export async function resolveHost(host: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: queryTimeoutMs, tries: 2 });
  const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}
