/**
 * A room as the messages service keeps it, in a few lines: numbers every change, answers with pages. For tests of what
 * catches up with it.
 */
import type { Message, MessagePage } from '../models.ts';

export interface FakeRoom {
  readonly name: string;
  number(): number;
  post(source: string, fields?: Partial<Message>): Message;
  edit(id: number, source: string): Message;
  remove(id: number): Message;
  /** What is there now, tombstones too. */
  all(): Message[];
  latest(count: number): MessagePage;
  after(change: number, limit: number): MessagePage;
  before(seq: number, limit: number): MessagePage;
}

export function fakeRoom(name = 'general'): FakeRoom {
  const messages = new Map<number, Message>();
  let number = 0;

  const all = () => [...messages.values()];
  const shown = () => all().filter((message) => !message.deleted);

  function put(message: Message): Message {
    messages.set(message.id, message);
    return message;
  }

  function changed(id: number, fields: Partial<Message>): Message {
    const message = messages.get(id);
    if (!message) throw new Error(`no message ${id}`);
    number += 1;
    return put({ ...message, ...fields, change: number });
  }

  function newest(list: Message[], limit: number): MessagePage {
    const sorted = list.sort((a, b) => a.seq - b.seq);
    return { messages: sorted.slice(-limit), change: number, more: list.length > limit };
  }

  return {
    name,
    number: () => number,
    post(source, fields) {
      number += 1;
      const stamp = { created_at: 1_790_000_000 + number, updated_at: 1_790_000_000 + number };
      const place = { id: 1000 + number, room: name, seq: number, change: number, rev: 0 };
      return put({ ...stamp, ...place, source, html: `<p>${source}</p>`, user_id: 1, ...fields });
    },
    edit: (id, source) => changed(id, { source, rev: (messages.get(id)?.rev ?? 0) + 1 }),
    remove: (id) => changed(id, { source: '', html: '', deleted: true }),
    all,
    latest: (count) => newest(shown(), count),
    after(change, limit) {
      const later = all()
        .filter((message) => message.change > change)
        .sort((a, b) => a.change - b.change);
      return { messages: later.slice(0, limit), change: number, more: later.length > limit };
    },
    before: (seq, limit) =>
      newest(
        shown().filter((message) => message.seq < seq),
        limit,
      ),
  };
}
