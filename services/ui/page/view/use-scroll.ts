/**
 * Where a reader of the log stands: at the newest message, and then it stays in view whatever comes or grows; or somewhere
 * above, and then the line under their eyes does not move while history is loaded above it. Used by the message log alone.
 * By hand, because the browsers' own scroll anchoring does nothing at the very top, where history is loaded.
 */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

/** By the line's id: a letter's element is another than that of the message it becomes. */
interface Anchor {
  readonly line: string;
  readonly top: number;
}

const endTolerancePx = 40;
const aboveFirstNewPx = 72;

interface Content {
  readonly content: unknown;
  readonly opened: boolean;
  /** The line to begin at where there is one; else it is the newest. */
  readonly firstNew: string | undefined;
}

export function useScroll(
  box: RefObject<HTMLElement | null>,
  { content, opened, firstNew }: Content,
) {
  const sticking = useRef(true);
  const anchor = useRef<Anchor>(undefined);
  const lastTop = useRef(0);
  const begun = useRef(false);
  const [atEnd, setAtEnd] = useState(false);

  const look = useCallback(() => {
    const element = box.current;
    if (!element) return;
    const { scrollHeight, scrollTop, clientHeight } = element;
    sticking.current = scrollHeight - scrollTop - clientHeight < endTolerancePx;
    anchor.current = anchorIn(element);
    lastTop.current = scrollTop;
    setAtEnd(sticking.current);
  }, [box]);

  const settle = useCallback(() => {
    const element = box.current;
    if (!element) return;
    // Somebody has scrolled up in this very frame, and the event that says so is still to come.
    if (element.scrollTop < lastTop.current - 1) look();
    if (sticking.current) element.scrollTop = element.scrollHeight;
    else element.scrollTop += shiftOf(anchor.current, element);
    lastTop.current = element.scrollTop;
  }, [box, look]);

  const toEnd = useCallback(() => {
    sticking.current = true;
    settle();
    look();
  }, [settle, look]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever the content changes, its height may have.
  useLayoutEffect(() => {
    const element = box.current;
    const line = element && firstNew && lineIn(element, firstNew);
    if (opened && !begun.current && element && line) {
      element.scrollTop += topOf(line, element) - aboveFirstNewPx;
      look();
    }
    begun.current ||= opened;
    settle();
  }, [box, look, settle, content, opened]);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(settle);
    observer.observe(element);
    for (const child of element.children) observer.observe(child);
    return () => observer.disconnect();
  }, [box, settle]);

  return { atEnd, look, toEnd };
}

/** The first line that is in view. */
function anchorIn(box: Element): Anchor | undefined {
  for (const element of box.querySelectorAll<HTMLElement>('[data-line]')) {
    const top = topOf(element, box);
    const { line } = element.dataset;
    if (line && top + element.clientHeight > 0) return { line, top };
  }
  return undefined;
}

/** How far the line has moved since. */
function shiftOf(anchor: Anchor | undefined, box: Element): number {
  const element = anchor && lineIn(box, anchor.line);
  return element ? topOf(element, box) - anchor.top : 0;
}

function lineIn(box: Element, line: string): Element | null {
  return box.querySelector(`[data-line="${CSS.escape(line)}"]`);
}

function topOf(element: Element, box: Element): number {
  return element.getBoundingClientRect().top - box.getBoundingClientRect().top;
}
