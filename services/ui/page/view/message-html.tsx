/**
 * The text of a message. Its HTML was rendered from markdown by the messages service and passed an allow-list sanitiser there,
 * last of all: that is why it may be put into the page as it is. Should that ever fail, the page's Content-Security-Policy
 * still runs no script but its own files, and its Trusted Types let HTML in through this one place only.
 */
import { memo, useEffect, useRef } from 'react';
import type { Message } from '../core/models.ts';

/** Browsers that know Trusted Types refuse a plain string, as the policy of the page asks them to. */
const policy = globalThis.trustedTypes?.createPolicy('sanitised-by-messages', {
  createHTML: (html: string) => html,
});

/** What stands there until a message is rendered. */
const notYetRendered = new Set(['', '...']);

interface MessageHtmlProps {
  readonly message: Message;
  /** Whether the Tab key comes to this message, and then to its links; the log is one stop. */
  readonly focusable: boolean;
}

export const MessageHtml = memo(function MessageHtml({ message, focusable }: MessageHtmlProps) {
  const { html, source } = message;
  const text = useRef<HTMLDivElement>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: other HTML has other links.
  useEffect(() => {
    for (const link of text.current?.querySelectorAll('a') ?? [])
      link.tabIndex = focusable ? 0 : -1;
  }, [html, focusable]);

  if (notYetRendered.has(html)) return <div className="text plain">{source}</div>;
  const trusted = policy?.createHTML(html) ?? html;
  // biome-ignore lint/security/noDangerouslySetInnerHtml: see the header.
  return <div ref={text} className="text" dangerouslySetInnerHTML={{ __html: trusted }} />;
});
