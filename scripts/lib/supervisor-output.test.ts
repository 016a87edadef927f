import { expect, test } from 'vitest';
import { parseEnd, parseStates } from './supervisor-output.ts';

/** As supervisord 4.2 answers, for one program. */
const struct = (name: string, state: string, pid: number) => `<value><struct>
<member>
<name>description</name>
<value><string>pid &lt;${pid}&gt;</string></value>
</member>
<member>
<name>pid</name>
<value><int>${pid}</int></value>
</member>
<member>
<name>spawnerr</name>
<value><string></string></value>
</member>
<member>
<name>start</name>
<value><int>1795261452</int></value>
</member>
<member>
<name>statename</name>
<value><string>${state}</string></value>
</member>
<member>
<name>name</name>
<value><string>${name}</string></value>
</member>
</struct></value>`;

test('a running program has a pid and a time, one that ended has neither', () => {
  const xml = struct('messages-1', 'RUNNING', 4711) + struct('redis', 'EXITED', 0);
  expect(parseStates(xml)).toEqual([
    { name: 'messages-1', state: 'RUNNING', pid: 4711, startedAt: 1_795_261_452 },
    { name: 'redis', state: 'EXITED', pid: undefined, startedAt: undefined },
  ]);
});

test('a supervisord without programs has none', () => {
  expect(parseStates('<methodResponse><params></params></methodResponse>')).toEqual([]);
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
