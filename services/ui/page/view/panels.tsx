/** The right side: one section after another. Who is here is the first; the panels of other services stand below it. */
import type { Chat } from '../core/chat.ts';
import type { Person } from '../core/models.ts';
import { Avatar } from './avatar.tsx';
import { useStore } from './hooks.ts';
import { PopularityPanel } from './popularity-panel.tsx';

export function Panels({ chat }: { chat: Chat }) {
  return (
    <>
      <PeoplePanel chat={chat} />
      <PopularityPanel chat={chat} />
    </>
  );
}

function PeoplePanel({ chat }: { chat: Chat }) {
  const people = [...useStore(chat.people).values()].sort((a, b) =>
    a.nickname.localeCompare(b.nickname),
  );
  const here = people.filter((person) => person.online);
  const away = people.filter((person) => !person.online);
  return (
    <section className="panel" aria-labelledby="people-title">
      <h2 id="people-title" className="side-title">
        People
      </h2>
      <h3 className="people-group">
        Here <span className="count">{here.length}</span>
      </h3>
      <PeopleList people={here} me={chat.userId} />
      {away.length > 0 && (
        <details>
          <summary className="people-group">
            Away <span className="count">{away.length}</span>
          </summary>
          <PeopleList people={away} me={chat.userId} />
        </details>
      )}
    </section>
  );
}

function PeopleList({ people, me }: { people: Person[]; me: number }) {
  return (
    <ul className="people">
      {people.map(({ id, nickname, online }) => (
        <li key={id} className={online ? 'person' : 'person away'}>
          <Avatar id={id} name={nickname} online={online} />
          <span className="person-name">{nickname}</span>
          {id === me && <span className="you">you</span>}
        </li>
      ))}
    </ul>
  );
}
