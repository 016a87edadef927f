/** A browser's localStorage with several tabs, in memory: each tab hears what the others write. For tests. */
import { createShelf, type Shelf } from '../shelf.ts';

export function fakeBrowser(): { tab(): Shelf; values: Map<string, string> } {
  const values = new Map<string, string>();
  const tabs: EventTarget[] = [];

  function tab(): Shelf {
    const self = new EventTarget();
    tabs.push(self);
    const tell = (key: string) => {
      for (const other of tabs) {
        if (other !== self) other.dispatchEvent(Object.assign(new Event('storage'), { key }));
      }
    };
    const storage = {
      get length() {
        return values.size;
      },
      key: (index: number) => [...values.keys()][index] ?? null,
      getItem: (key: string) => values.get(key) ?? null,
      setItem(key: string, value: string) {
        values.set(key, value);
        tell(key);
      },
      removeItem(key: string) {
        values.delete(key);
        tell(key);
      },
    };
    return createShelf(() => storage, self);
  }

  return { tab, values };
}
