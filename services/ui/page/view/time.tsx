/** A time of day in the reader's own way of writing it, with the whole date on demand. */
const short = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const long = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

export function Time({ at }: { at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={long.format(at)}>
      {shortTime(at)}
    </time>
  );
}

export function shortTime(at: number): string {
  return short.format(at);
}
