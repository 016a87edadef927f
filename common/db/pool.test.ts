import { expect, test } from 'vitest';
import { contextFrom, runWithContext } from '../context.ts';
import { bounded } from './pool.ts';

test('a statement may run for as long as its request has left', () => {
  expect(bounded('SELECT 1', 250)).toBe('SET STATEMENT max_statement_time = 0.25 FOR SELECT 1');
  runWithContext(contextFrom({ deadlineMs: '800' }), () => {
    expect(bounded('SELECT 1')).toMatch(/^SET STATEMENT max_statement_time = 0\.[78]/);
  });
});

test('without a deadline, or with a far one, the limit of the connection holds', () => {
  expect(bounded('SELECT 1', undefined)).toBe('SELECT 1');
  expect(bounded('SELECT 1', 60_000)).toBe('SELECT 1');
});

test('no time left is the least limit, and not none', () => {
  expect(bounded('SELECT 1', -5)).toContain('max_statement_time = 0.001 ');
});
