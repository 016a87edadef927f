/**
 * Where a reader of the log stands: at the newest message, and then it stays in view whatever comes or grows; or somewhere
 * above, and then the line under their eyes does not move while history is loaded above it. Used by the message log alone.
 * By hand, because the browsers' own scroll anchoring does nothing at the very top, where history is loaded.
 */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

interface Anchor {
  readonly element: Element;
  readonly top: number;
}

const endTolerancePx = 40;
const aboveFirstNewPx = 72;

export function useScroll(box: RefObject<HTMLElement | null>, content: unknown, firstNew?: string) {
  const sticking = useRef(true);
  const anchor = useRef<Anchor>(undefined);
  const begun = useRef(false);
  const [atEnd, setAtEnd] = useState(false);

  const settle = useCallback(() => {
    const element = box.current;
    if (!element) return;
    if (sticking.current) element.scrollTop = element.scrollHeight;
    else if (anchor.current)
      element.scrollTop += topOf(anchor.current.element, element) - anchor.current.top;
  }, [box]);

  const look = useCallback(() => {
    const element = box.current;
    if (!element) return;
    sticking.current =
      element.scrollHeight - element.scrollTop - element.clientHeight < endTolerancePx;
    anchor.current = anchorIn(element);
    setAtEnd(sticking.current);
  }, [box]);

  const toEnd = useCallback(() => {
    sticking.current = true;
    settle();
    look();
  }, [settle, look]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever the content changes, its height may have.
  useLayoutEffect(() => settle(), [settle, content]);

  useLayoutEffect(() => {
    const line = firstNew && box.current?.querySelector(`[data-line="${CSS.escape(firstNew)}"]`);
    if (begun.current || !line || !box.current) return;
    begun.current = true;
    sticking.current = false;
    box.current.scrollTop += topOf(line, box.current) - aboveFirstNewPx;
    look();
  }, [box, firstNew, look]);

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
  for (const element of box.querySelectorAll('[data-line]')) {
    const top = topOf(element, box);
    if (top + element.clientHeight > 0) return { element, top };
  }
  return undefined;
}

function topOf(element: Element, box: Element): number {
  return element.getBoundingClientRect().top - box.getBoundingClientRect().top;
}
