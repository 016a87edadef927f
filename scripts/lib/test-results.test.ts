import { expect, test } from 'vitest';
import { type Result, resultsOf, summaryOf } from './test-results.ts';

const passing: Result = { kind: 'unit', file: 'a.test.ts', passed: 3, skipped: 1, failures: [] };
const failing: Result = {
  kind: 'service',
  file: 'b.test.ts',
  passed: 1,
  skipped: 0,
  failures: [{ test: 'it holds', why: '    Error: it does not' }],
};

test('the last line counts what passed, failed and was skipped', () => {
  expect(summaryOf([passing])).toEqual({ failed: 0, text: '3 passed, 0 failed, 1 skipped' });
  expect(summaryOf([passing, failing]).text).toMatch(/\n4 passed, 1 failed, 1 skipped$/);
});

test('what failed is named with its reason just above the counts', () => {
  expect(summaryOf([failing, passing]).text).toContain(
    '✗ service · b.test.ts · it holds\n    Error: it does not\n',
  );
});

test('what fails once and passes alone counts as passed, and is named as flaky', () => {
  const { failed, text } = summaryOf([failing, passing, { ...failing, passed: 2, failures: [] }]);
  expect(failed).toBe(0);
  expect(text).toContain('~ failed, and passed alone: service · b.test.ts · it holds');
  expect(text).toMatch(/\n5 passed, 0 failed, 1 skipped, 1 flaky$/);
});

test('what fails twice has failed, once', () => {
  expect(summaryOf([failing, failing]).text).toMatch(/^✗ .*\n.*\n\n1 passed, 1 failed$/);
});

test("vitest's report is read file by file", () => {
  const file = {
    name: '/checkout/a.test.ts',
    status: 'failed',
    message: '',
    assertionResults: [
      { fullName: 'one', status: 'passed', failureMessages: [] },
      { fullName: 'two', status: 'failed', failureMessages: ['Error: no\n\n    at a.test.ts:1'] },
      { fullName: 'three', status: 'skipped', failureMessages: [] },
    ],
  };
  expect(resultsOf('unit', JSON.stringify({ testResults: [file] }), '/checkout')).toEqual([
    {
      kind: 'unit',
      file: 'a.test.ts',
      passed: 1,
      skipped: 1,
      failures: [{ test: 'two', why: '    Error: no\n    at a.test.ts:1' }],
    },
  ]);
});

test('a file that could not be read has failed, though none of its tests has', () => {
  const file = { name: '/x/a.test.ts', status: 'failed', message: 'No.', assertionResults: [] };
  const [result] = resultsOf('unit', JSON.stringify({ testResults: [file] }), '/x');
  expect(result?.failures).toEqual([{ test: '(the file itself)', why: '    No.' }]);
});
