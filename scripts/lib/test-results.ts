/**
 * What tests came to: read from vitest's JSON report, file by file, and told at the end of a run (run-tests.ts).
 *
 * A test that fails while others crowd the machine and passes alone is named as flaky: it is a fault of the test or of
 * what it tests, and worth a look, but it does not stop a change that has nothing to do with it.
 */
import { relative } from 'node:path';
import { z } from 'zod';

interface Failure {
  test: string;
  /** Its first lines: the error and where it was thrown. */
  why: string;
}

/** Of one file of tests, or of one check. */
export interface Result {
  /** A project of vitest's, or `check`. */
  kind: string;
  /** From the checkout on; a check's name. */
  file: string;
  passed: number;
  skipped: number;
  failures: Failure[];
}

const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

const linesOfWhy = 6;

/** `text` is vitest's JSON report of one kind of tests; throws where it is none. */
export function resultsOf(kind: string, text: string, checkout: string): Result[] {
  return report.parse(JSON.parse(text)).testResults.map((file) => {
    const tests = file.assertionResults;
    const failures = tests
      .filter(({ status }) => status === 'failed')
      .map((one) => ({ test: one.fullName, why: firstLines(one.failureMessages?.[0] ?? '') }));
    // A file that could not be read, or whose setup failed, has no test of its own to fail.
    if (file.status === 'failed' && failures.length === 0)
      failures.push({ test: '(the file itself)', why: firstLines(file.message) });
    const passed = tests.filter(({ status }) => status === 'passed').length;
    const skipped = tests.filter(({ status }) => !['passed', 'failed'].includes(status)).length;
    return { kind, file: relative(checkout, file.name), passed, skipped, failures };
  });
}

/** The last result of each file, and what failed in an earlier one and not in the last. */
export function summaryOf(results: readonly Result[]): { failed: number; text: string } {
  const last = [
    ...new Map(results.map((result) => [`${result.kind} ${result.file}`, result])).values(),
  ];
  const failed = failuresIn(last);
  const flaky = failuresIn(results).filter(
    ({ title }) => !failed.some((one) => one.title === title),
  );
  const passed = last.reduce((sum, result) => sum + result.passed, 0);
  const skipped = last.reduce((sum, result) => sum + result.skipped, 0);
  const counts = [`${passed} passed`, `${failed.length} failed`];
  if (skipped > 0) counts.push(`${skipped} skipped`);
  if (flaky.length > 0) counts.push(`${flaky.length} flaky`);
  const told = [
    ...flaky.map(({ title, why }) => `~ failed, and passed alone: ${title}\n${why}\n`),
    ...failed.map(({ title, why }) => `✗ ${title}\n${why}\n`),
    counts.join(', '),
  ];
  return { failed: failed.length, text: told.join('\n') };
}

function failuresIn(results: readonly Result[]): { title: string; why: string }[] {
  return results.flatMap(({ kind, file, failures }) =>
    failures.map(({ test, why }) => ({ title: `${kind} · ${file} · ${test}`, why })),
  );
}

export function hasFailed({ failures }: Result): boolean {
  return failures.length > 0;
}

/** Of an error's text, without empty lines. */
export function firstLines(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines
    .slice(0, linesOfWhy)
    .map((line) => `    ${line.trim()}`)
    .join('\n');
}
