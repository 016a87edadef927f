import { expect, test } from 'vitest';
import { readable } from './log-line.ts';

test('a log line is shortened to its level, its words and its error', () => {
  const err = { type: 'Error', message: 'connect ECONNREFUSED', stack: 'Error: …' };
  const line = JSON.stringify({ level: 'error', time: 1, msg: 'no database', err });
  expect(readable(line)).toBe('error · no database · connect ECONNREFUSED');
  expect(readable('{"level":"info","msg":"ready"}')).toBe('info · ready');
});

test('whatever else a program says stays as it is', () => {
  const others = ['{', '{ code: "EADDRINUSE" }', '{"level":30}', '    at main.ts:3:7', ''];
  expect(others.map(readable)).toEqual(others);
});
