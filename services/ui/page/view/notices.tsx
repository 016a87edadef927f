/** What does not work right now, in sentences, between the header and the messages; everything else stays usable. */
import { type Health, noticesOf } from '../core/health.ts';
import { Icon } from './icon.tsx';

export function Notices({ health }: { health: Health }) {
  return (
    <div className="notices" role="status">
      {noticesOf(health).map(({ id, title, text }) => (
        <p key={id} className="notice">
          <Icon name="alert" />
          <span>
            <strong>{title}</strong> {text}
          </span>
        </p>
      ))}
    </div>
  );
}
