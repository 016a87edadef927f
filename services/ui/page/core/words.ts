/** What a failed call is called on the page: in words for people, not in those of the wire. Used by forms and dialogs. */
import type { ApiError } from './api.ts';

/** `subject` begins the sentence, as in `Signing in is`. */
export function wordsFor(error: ApiError, subject: string): string {
  switch (error.kind) {
    case 'unreachable':
      return 'MicroFlack cannot be reached. Check your connection and try again.';
    case 'unavailable':
      return `${subject} not available right now. Try again in a moment.`;
    case 'busy':
      return `Too many attempts. Try again ${timeIn(error.retryAfterMs ?? 0)}.`;
    case 'refused':
      return error.message;
  }
}

function timeIn(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 2) return 'in a moment';
  return seconds < 120 ? `in ${seconds} seconds` : `in ${Math.ceil(seconds / 60)} minutes`;
}
