/**
 * The two ways in which a command of `mf` ends badly, so that every verb ends alike.
 *
 * A UsageError is the caller's: one line, exit 2. A StepFailure is the stack's: which step, why,
 * the part's own last words, and what to try; exit 1. Anything else is a fault of ours and shows
 * its stack trace. cli/main.ts prints them.
 */
import { ExecaError } from 'execa';

/** A command says what is wrong first, and then from where it says so. */
const firstLines = 12;

export class UsageError extends Error {
  /** The command to try next. */
  readonly next: string;

  constructor(message: string, next: string) {
    super(message);
    this.name = 'UsageError';
    this.next = next;
  }
}

export class StepFailure extends Error {
  readonly step: string;
  readonly next: string;
  /** The part's last log lines, oldest first. */
  readonly log: readonly string[];

  constructor(
    step: string,
    why: string,
    next: string,
    log: readonly string[] = [],
    cause?: unknown,
  ) {
    super(why, { cause });
    this.name = 'StepFailure';
    this.step = step;
    this.next = next;
    this.log = log;
  }
}

/** A step that threw: a command that failed tells by its first lines, everything else by its message. */
export function failureOf(step: string, error: unknown, next: string): StepFailure {
  if (!(error instanceof ExecaError))
    return new StepFailure(step, messageOf(error), next, [], error);
  const { exitCode, originalMessage = 'failed', all, stderr } = error;
  const why = exitCode === undefined ? originalMessage : `failed with exit code ${exitCode}`;
  const lines = String(all ?? stderr ?? '').split('\n');
  return new StepFailure(step, why, next, lines.slice(0, firstLines), error);
}

/** Also of a command that failed: by what it said. */
export function isDiskFull(error: unknown): boolean {
  const said = error instanceof ExecaError ? String(error.all ?? error.stderr ?? '') : '';
  return /ENOSPC|No space left on device/.test(messageOf(error) + said);
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** For a file that need not be there: undefined then, and every other error goes on. */
export function noSuchFile(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
