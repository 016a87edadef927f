/**
 * What the page keeps in this browser (localStorage): the session, drafts, unsent messages, how far somebody has read.
 * Shared by all tabs, parsed on the way out. Where the browser refuses to store (private window, full), values live as long
 * as the page. Refuses to keep anything of the conversation itself.
 */
import type { ZodMiniType } from 'zod/mini';

export interface Shelf {
  read<T>(name: string, model: ZodMiniType<T>): T | undefined;
  write(name: string, value: unknown): void;
  remove(name: string): void;
  names(prefix: string): string[];
  /** Tells which name another tab has changed. */
  watch(listener: (name: string) => void): () => void;
}

type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

const namespace = 'microflack.';

export function createShelf(storage: () => Storage, window: EventTarget): Shelf {
  const memory = new Map<string, string>();

  function attempt<T>(use: (storage: Storage) => T): T | undefined {
    try {
      return use(storage());
    } catch {
      return undefined; // The browser refuses: `memory` holds the value instead.
    }
  }

  const read = (name: string) =>
    memory.get(name) ?? attempt((storage) => storage.getItem(namespace + name)) ?? undefined;

  function remove(name: string): void {
    memory.delete(name);
    attempt((storage) => storage.removeItem(namespace + name));
  }

  return {
    read(name, model) {
      const text = read(name);
      return text === undefined ? undefined : model.safeParse(parseJson(text)).data;
    },
    write(name, value) {
      const text = JSON.stringify(value);
      memory.delete(name);
      const stored = attempt((storage) => {
        storage.setItem(namespace + name, text);
        return true;
      });
      if (!stored) memory.set(name, text);
    },
    remove,
    names(prefix) {
      const stored = attempt((storage) =>
        Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
          .filter((key) => key.startsWith(namespace))
          .map((key) => key.slice(namespace.length)),
      );
      return [...new Set([...(stored ?? []), ...memory.keys()])].filter((n) =>
        n.startsWith(prefix),
      );
    },
    watch(listener) {
      const heard = (event: Event) => {
        if (!('key' in event) || typeof event.key !== 'string') return;
        if (event.key.startsWith(namespace)) listener(event.key.slice(namespace.length));
      };
      window.addEventListener('storage', heard);
      return () => window.removeEventListener('storage', heard);
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Somebody else's value under our name: as good as none.
  }
}
