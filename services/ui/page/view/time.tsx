/** A time of day in the reader's own way of writing it, with the whole date on demand. */
const short = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const long = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

interface TimeProps {
  readonly at: number;
  /** Without AM and PM, where there is little room and the whole time stands above. */
  readonly narrow?: boolean;
}

export function Time({ at, narrow = false }: TimeProps) {
  return (
    <time dateTime={new Date(at).toISOString()} title={long.format(at)}>
      {narrow ? narrowTime(at) : shortTime(at)}
    </time>
  );
}

export function shortTime(at: number): string {
  return short.format(at);
}

function narrowTime(at: number): string {
  const parts = short.formatToParts(at).filter(({ type }) => type !== 'dayPeriod');
  return parts
    .map(({ value }) => value)
    .join('')
    .trim();
}
