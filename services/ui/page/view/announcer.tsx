/**
 * Reads new messages out to screen readers: a polite live region beside the log. The log itself is silent, or every page
 * of history that is loaded above would be read out, too. Refuses to announce one's own messages and edits.
 */
import { useEffect, useRef, useState } from 'react';
import type { Message } from '../core/models.ts';
import type { People } from '../core/people-keeper.ts';
import { nameOf } from './name-of.ts';

interface AnnouncerProps {
  readonly messages: readonly Message[];
  readonly people: People;
  readonly me: number;
  readonly opened: boolean;
}

/** More at once are counted, not read. */
const readAtOnce = 3;

export function Announcer({ messages, people, me, opened }: AnnouncerProps) {
  const announced = useRef<number>(undefined);
  const [text, setText] = useState('');

  useEffect(() => {
    if (!opened) return;
    const upTo = announced.current;
    announced.current = messages.at(-1)?.seq ?? 0;
    if (upTo === undefined) return;
    const news = messages.filter((message) => message.seq > upTo && message.user_id !== me);
    if (news.length > readAtOnce) setText(`${news.length} new messages`);
    else if (news.length > 0) {
      setText(news.map((m) => `${nameOf(people, m.user_id)}: ${m.source}`).join('\n'));
    }
  }, [messages, people, me, opened]);

  return (
    <p className="sr-only" aria-live="polite">
      {text}
    </p>
  );
}
