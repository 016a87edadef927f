import { expect, test } from 'vitest';
import { parseEnd, parseStatus } from './supervisor-output.ts';

test('a running program has a pid and a time', () => {
  const [program] = parseStatus('messages-1     RUNNING   pid 4711, uptime 1 day, 2:03:04\n');
  expect(program).toEqual({
    name: 'messages-1',
    state: 'RUNNING',
    pid: 4711,
    upSeconds: ((24 + 2) * 60 + 3) * 60 + 4,
  });
});

test('a program that ended has neither', () => {
  const text = 'redis    EXITED    Nov 21 10:00 AM\nconsul   FATAL     Exited too quickly\n';
  expect(parseStatus(text)).toEqual([
    { name: 'redis', state: 'EXITED', pid: undefined, upSeconds: undefined },
    { name: 'consul', state: 'FATAL', pid: undefined, upSeconds: undefined },
  ]);
});

test('a supervisord without programs has none', () => {
  expect(parseStatus('\n')).toEqual([]);
});

const log = `2026-11-21 10:40:01,100 INFO spawned: 'redis' with pid 10
2026-11-21 10:40:01,101 INFO success: redis entered RUNNING state, process has stayed up for > than 0 seconds (startsecs)
2026-11-21 10:40:01,200 WARN exited: redis-2 (terminated by SIGKILL; not expected)
2026-11-21 10:40:01,300 INFO gave up: consul entered FATAL state, too many start retries too quickly
2026-11-21 10:40:01,400 INFO stopped: mariadb (exit status 0)
`;

test.each([
  ['redis-2', 'ended (terminated by SIGKILL)'],
  ['consul', 'could not be started'],
  ['redis', undefined],
  ['mariadb', undefined],
])('the daemon tells how %s ended', (name, end) => {
  expect(parseEnd(log, name)).toBe(end);
});
