import { expect, test } from 'vitest';
import { createTally, parseStat, parseWorkers, type WorkerLook } from './haproxy-counters.ts';

const heading =
  '# pxname,svname,type,req_tot,hrsp_5xx,hrsp_other,wretr,wredis,econ,eresp,cli_abrt,';

/** A worker that has counted so many requests and failures at its public side, and at one server. */
function look(
  worker: number,
  requests: number,
  failed: number,
  server = 'messages-1-aa',
): WorkerLook {
  const lines = [
    heading,
    `public,FRONTEND,0,${requests},${failed},0,,,,,,`,
    `be_messages,${server},2,${requests},0,0,0,0,0,0,0,`,
  ];
  return { worker, rows: parseStat(lines.join('\n')) };
}

function totals(looks: readonly WorkerLook[][]) {
  const tally = createTally();
  for (const workers of looks) tally.add(workers);
  return Object.fromEntries(tally.rows().map(({ name, counts }) => [name, counts]));
}

test('what was counted before the first look is not of this time', () => {
  expect(totals([[look(1, 500, 9)], [look(1, 520, 10)]])).toMatchObject({
    FRONTEND: { requests: 20, failed: 1 },
  });
});

test('a worker that came by a reload has counted from nothing', () => {
  expect(
    totals([[look(1, 500, 0)], [look(1, 510, 0), look(2, 7, 1)], [look(2, 9, 1)]]),
  ).toMatchObject({
    FRONTEND: { requests: 19, failed: 1 },
  });
});

test('a server that was deleted keeps what it had', () => {
  const gone = look(1, 40, 0, 'messages-2-bb');
  expect(totals([[look(1, 30, 0, 'messages-2-bb')], [gone], [look(1, 41, 0)]])).toMatchObject({
    'messages-2-bb': { requests: 10 },
  });
});

test('a server that was added during the time has counted from nothing', () => {
  const two = { worker: 1, rows: [...look(1, 30, 0).rows, ...look(1, 4, 0, 'messages-2-bb').rows] };
  expect(totals([[look(1, 30, 0)], [two]])).toMatchObject({ 'messages-2-bb': { requests: 4 } });
});

test('counters that somebody cleared go on from nothing', () => {
  expect(totals([[look(1, 500, 3)], [look(1, 6, 1)]])).toMatchObject({
    FRONTEND: { requests: 6, failed: 1 },
  });
});

test('the workers are those that serve and those that reloads left behind', () => {
  const proc = [
    '#<PID>          <type>          <reloads>       <uptime>        <version>',
    '11479           master          1 [failed: 0]   0d00h00m25s     2.6.12',
    '# workers',
    '11511           worker          0               0d00h00m05s     2.6.12',
    '# old workers',
    '11400           worker          1               0d00h00m25s     2.6.12',
    '# programs',
  ];
  expect(parseWorkers(proc.join('\n'))).toEqual([11511, 11400]);
});
