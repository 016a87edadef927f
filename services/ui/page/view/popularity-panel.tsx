/**
 * The most active people, from a service that a workshop adds: who they are, how long the query took, and which instance
 * of which version answered. The row of bars at its end has one for each of the last answers, as high as it was slow.
 */
import { useEffect } from 'react';
import type { Chat } from '../core/chat.ts';
import type { Ranking } from '../core/models.ts';
import type { Attempt } from '../core/popularity-keeper.ts';
import { Avatar } from './avatar.tsx';
import { useStore } from './hooks.ts';
import { Icon } from './icon.tsx';

const inMs = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat();

export function PopularityPanel({ chat }: { chat: Chat }) {
  const { ranking, asking, attempts } = useStore(chat.popularity.state);
  useLooking(chat.popularity.look);
  return (
    <section className={asking ? 'panel asking' : 'panel'} aria-labelledby="popularity-title">
      <div className="panel-head">
        <h2 id="popularity-title" className="side-title">
          Most active people
        </h2>
        {ranking && (
          <button type="button" className="icon-button" onClick={chat.popularity.hurry}>
            <Icon name="again" />
            <span className="sr-only">Ask again</span>
          </button>
        )}
      </div>
      {/* There from the start, so that screen readers tell when it changes, and not of every answer. */}
      <p role="status" className={ranking ? 'sr-only' : 'no-services'}>
        {ranking ? 'Most active people are available' : 'NO SERVICES AVAILABLE'}
      </p>
      {ranking && <MostActive chat={chat} ranking={ranking} />}
      {ranking && <Answers ranking={ranking} attempts={attempts} />}
    </section>
  );
}

function MostActive({ chat, ranking }: { chat: Chat; ranking: Ranking }) {
  const people = useStore(chat.people);
  if (ranking.people.length === 0) return <p className="hint quiet">Nobody has written yet.</p>;
  return (
    <ol className="people">
      {ranking.people.map(({ user_id: id, nickname, messages }) => {
        const name = people.get(id)?.nickname ?? nickname ?? `Person ${id}`;
        return (
          <li key={id} className="person">
            <Avatar id={id} name={name} />
            <span className="person-name">{name}</span>
            <span className="count of-messages">
              {whole.format(messages)}
              <span className="sr-only"> messages</span>
            </span>
          </li>
        );
      })}
    </ol>
  );
}

function Answers({ ranking, attempts }: { ranking: Ranking; attempts: readonly Attempt[] }) {
  const last = attempts.at(-1);
  return (
    <>
      <div className="attempts" aria-hidden="true">
        {attempts.map((attempt) => (
          <span
            key={attempt.number}
            title={words(attempt)}
            className={`attempt ${pace(attempt)}`}
          />
        ))}
      </div>
      <dl className="answer">
        <dt>Query</dt>
        <dd className={last && pace(last)}>
          {last?.ms === undefined ? 'no answer' : `${inMs.format(last.ms)} ms`}
        </dd>
        <dt>Version</dt>
        <dd>{ranking.version}</dd>
        <dt>Instance</dt>
        <dd>{ranking.instance}</dd>
      </dl>
    </>
  );
}

function pace({ ms }: Attempt): 'quick' | 'slow' | 'failed' {
  if (ms === undefined) return 'failed';
  return ms < slowMs ? 'quick' : 'slow';
}

/** From here on somebody who waits for it notices. */
const slowMs = 100;

function words({ ms, version }: Attempt): string {
  return ms === undefined ? 'no answer' : `${inMs.format(ms)} ms, ${version}`;
}

/** Tells whether this panel is before somebody's eyes: drawn, on a page that is not hidden. */
function useLooking(look: (now: boolean) => void): void {
  useEffect(() => {
    const tell = () => look(!document.hidden);
    tell();
    document.addEventListener('visibilitychange', tell);
    return () => {
      document.removeEventListener('visibilitychange', tell);
      look(false);
    };
  }, [look]);
}
