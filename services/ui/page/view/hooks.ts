/** React's side of the core: stores, media queries, the clock, and whether somebody is looking. */
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import type { Store } from '../core/store.ts';

const minuteMs = 60_000;

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}

export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (changed: () => void) => {
      const media = window.matchMedia(query);
      media.addEventListener('change', changed);
      return () => media.removeEventListener('change', changed);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => window.matchMedia(query).matches);
}

/** The time, to the minute: enough for "Today" to become "Yesterday". */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), minuteMs);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** Whether this page is the one that somebody has before them. */
export function useAttention(): boolean {
  return useSyncExternalStore(subscribeToAttention, hasAttention);
}

function subscribeToAttention(changed: () => void): () => void {
  const events = ['visibilitychange', 'focus', 'blur'];
  for (const event of events) window.addEventListener(event, changed, true);
  return () => {
    for (const event of events) window.removeEventListener(event, changed, true);
  };
}

function hasAttention(): boolean {
  return document.visibilityState === 'visible' && document.hasFocus();
}
