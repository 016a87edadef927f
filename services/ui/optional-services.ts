/**
 * Which of the services that the chat does without are there: the page has a panel for each, and asks
 * here before it asks them. What fails to load is an error in a browser's console, whatever the page
 * makes of it; this can be asked every few seconds and always has an answer.
 */
import { watchService } from '@microflack/common/registry/watch.ts';
import type { ServiceKit } from '@microflack/common/service.ts';

const optionalServices = ['popularity'];

/** From memory, and kept up to date by the registry. */
export function watchOptionalServices({
  consul,
  log,
  signal,
}: Pick<ServiceKit<unknown>, 'consul' | 'log' | 'signal'>): () => string[] {
  const present = new Set<string>();
  for (const name of optionalServices) {
    const learn = (instances: readonly unknown[]) =>
      instances.length > 0 ? present.add(name) : present.delete(name);
    watchService(consul, name, learn, { log, signal });
  }
  return () => [...present];
}
