/**
 * Which of the services that the chat does without are there: the page has a panel for each, and asks
 * here before it asks them. What fails to load is an error in a browser's console, whatever the page
 * makes of it; this can be asked every few seconds and always has an answer.
 */
import type { Logger } from '@microflack/common/log.ts';
import { watchService } from '@microflack/common/registry/watch.ts';
import type Consul from 'consul';

const optionalServices = ['popularity'];

/** From memory, and kept up to date by the registry. */
export function watchOptionalServices(
  consul: Consul,
  options: { log: Logger; signal: AbortSignal },
): () => string[] {
  const present = new Set<string>();
  for (const name of optionalServices) {
    const learn = (instances: readonly unknown[]) =>
      instances.length > 0 ? present.add(name) : present.delete(name);
    watchService(consul, name, learn, options);
  }
  return () => [...present];
}
