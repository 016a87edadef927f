/**
 * What `mf` says: one line a step, with its time; or, with --json, one document at the end.
 *
 * Verbs do their work inside `step`; a step that throws becomes a StepFailure with the step's name,
 * which cli/main.ts prints. Nothing else in scripts/ writes to the terminal. Lines go to stdout,
 * errors to stderr; styles appear only on a terminal.
 */
import { styleText } from 'node:util';
import { failureOf, isDiskFull, StepFailure, UsageError } from './failure.ts';

export interface Done {
  step: string;
  did: string;
  seconds: number;
}

export type Did = string | undefined;

export interface Output {
  /**
   * Does the work and says `→ NAME · DID after 0.4 s`, where DID is what the work returned; nothing
   * where it returned undefined, having found nothing to do.
   */
  step(name: string, next: string, work: () => Promise<Did>, begun?: number): Promise<void>;
  /** The clock's reading, for a step that began before it could be named. */
  now(): number;
  /** For people: left out with --json. */
  say(text: string): void;
  /** The answer itself: text for people, the same as data with --json. */
  answer(data: object, text: string): void;
  fail(error: unknown): number;
  done: readonly Done[];
}

interface Terminal {
  out: (line: string) => void;
  err: (line: string) => void;
  now: () => number;
}

export const terminal: Terminal = {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  now: () => performance.now(),
};

export function createOutput(json: boolean, { out, err, now }: Terminal = terminal): Output {
  const done: Done[] = [];

  async function step(
    name: string,
    next: string,
    work: () => Promise<Did>,
    begun = now(),
  ): Promise<void> {
    try {
      const did = await work();
      if (did === undefined) return;
      const seconds = Math.round((now() - begun) / 100) / 10;
      done.push({ step: name, did, seconds });
      if (!json) out(`${mark('→', 'green')} ${name} · ${did} after ${seconds.toFixed(1)} s`);
    } catch (error) {
      if (error instanceof StepFailure || error instanceof UsageError) throw error;
      throw failureOf(name, error, next);
    }
  }

  function fail(error: unknown): number {
    if (error instanceof UsageError) {
      if (json) out(JSON.stringify({ ok: false, why: error.message, next: error.next }));
      else err(`mf: ${error.message} · next: ${error.next}`);
      return 2;
    }
    const failure = error instanceof StepFailure ? error : unexpected(error);
    const { step, message: why, next, log } = failure;
    if (json) out(JSON.stringify({ ok: false, step, why, next, log }));
    else {
      err(`${mark('✗', 'red')} ${step} · ${why}`);
      for (const line of log) err(`    ${line}`);
      err(`  next: ${next}`);
    }
    return 1;
  }

  return {
    step,
    now,
    fail,
    done,
    say: (text) => {
      if (!json) out(text);
    },
    answer: (data, text) => out(json ? JSON.stringify(data, null, 2) : text),
  };
}

/** A full disk may be met anywhere; what else nobody expected is a fault of ours, and tells where. */
function unexpected(error: unknown): StepFailure {
  if (isDiskFull(error)) return new StepFailure('mf', 'no space is left on the disk', 'df -h');
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new StepFailure('mf', why, 'mf status');
}

/** Columns as wide as their widest cell. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function mark(text: string, colour: 'green' | 'red'): string {
  return styleText(colour, text, { stream: process.stdout });
}
