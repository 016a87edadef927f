/** What does not work right now, in a sentence, between the header and the messages; everything else stays usable. */
import { type Health, noticeOf } from '../core/health.ts';
import { Icon } from './icon.tsx';

export function Notices({ health }: { health: Health }) {
  const notice = noticeOf(health);
  return (
    <div role="status">
      {notice && (
        <p className="notice">
          <Icon name="alert" />
          <span>
            <strong>{notice.title}</strong> {notice.text}
          </span>
        </p>
      )}
    </div>
  );
}
