/**
 * What `mf traffic` and `mf dev` promise, on the whole stack: all at once, mine alone, on every hop, and
 * nothing changed by a command that was wrong. How HAProxy does it is tested in services/lb.
 */
import { join } from 'node:path';
import { until } from '@microflack/common/testing/until.ts';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { parseMetrics } from '../scripts/lib/receipts/instance-metrics.ts';
import { registrations } from '../scripts/lib/serving.ts';
import { call } from './client/http.ts';
import { aPerson, mark, type Person, post } from './client/person.ts';
import { openSocket } from './client/socket.ts';
import { crewOf, dismiss, instanceOf, mfHere } from './setup/crew.ts';
import { checkout, tryMf } from './setup/mf.ts';
import { wholeStack } from './setup/whole.ts';

const longTest = { timeout: 120_000 };
const patienceMs = 60_000;
const label = `next-${mark()}`;
const ofStack = ['--stack', process.env.MF_TEST_STACK ?? ''];
const chosen = z.object({ cookie: z.string(), link: z.string() });

let old = '';
let person: Person;

beforeAll(async () => {
  const [program = ''] = await crewOf('messages');
  old = (await instanceOf('messages', program)).version;
  await mfHere('run', 'messages', label, 'UNCOMMITTED_COPY');
  person = await aPerson();
});
afterAll(async () => {
  await mfHere('traffic', 'messages', 'off');
  await dismiss(['messages'], label);
});

/** How many requests each version of messages has had meanwhile. */
async function requestsDuring(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await requests();
  await work();
  const after = await requests();
  return Object.fromEntries(
    Object.entries(after).map(([version, count]) => [version, count - (before[version] ?? 0)]),
  );
}

async function requests(): Promise<Record<string, number>> {
  const all = await registrations(await wholeStack(), 'messages');
  const counts = await Promise.all(
    all.map(async ({ version, address }) => {
      const answer = await fetch(`http://${address}/metrics`);
      return [version, parseMetrics(await answer.text()).requests] as const;
    }),
  );
  return Object.fromEntries(counts);
}

/** Three by the API and three over a socket, whose next hop is a call between services. */
async function postBothWays(headers: Record<string, string> = {}): Promise<void> {
  const { socket } = await openSocket({ transports: ['websocket'], extraHeaders: headers });
  for (let n = 0; n < 3; n += 1) {
    const json = { source: `by the API ${n}` };
    const { status } = await call('POST', '/api/messages', { bearer: person.token, json, headers });
    expect(status).toBe(201);
    const answer = await socket.emitWithAck(
      'post_message',
      { source: `by socket ${n}` },
      person.token,
    );
    expect(answer).toHaveProperty('message');
  }
}

test(
  'all traffic goes to one version from the moment the command ends, and back',
  longTest,
  async () => {
    for (const [to, from] of [
      [label, old],
      [old, label],
    ] as const) {
      await mfHere('traffic', 'messages', to);
      expect(await requestsDuring(() => postBothWays())).toMatchObject({ [to]: 6, [from]: 0 });
    }
  },
);

test('what somebody has chosen goes there on every hop, and nobody else’s', longTest, async () => {
  await mfHere('traffic', 'messages', old);
  const { cookie } = chosen.parse(
    JSON.parse(await mfHere('traffic', 'messages', '--me', label, '--json')),
  );
  expect(await requestsDuring(() => postBothWays({ cookie }))).toMatchObject({
    [label]: 6,
    [old]: 0,
  });
  const forged = cookie.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  expect(await requestsDuring(() => postBothWays({ cookie: forged }))).toMatchObject({
    [label]: 0,
    [old]: 6,
  });
  const stranger = { baggage: `mf-me=messages:${label}` };
  expect(await requestsDuring(() => postBothWays(stranger))).toMatchObject({
    [label]: 0,
    [old]: 6,
  });
});

test(
  'a service in the working tree gets the requests of who asks for it, and leaves in order',
  longTest,
  async () => {
    const dev = execa(join(checkout, 'scripts/mf'), ['dev', 'messages', ...ofStack], {
      reject: false,
      all: true,
    });
    onTestFinished(() => void dev.kill('SIGKILL'));
    const isThere = async () =>
      (await registrations(await wholeStack(), 'messages')).some(
        ({ version }) => version === 'dev',
      );
    await until('it has registered', isThere, patienceMs);
    const { cookie } = chosen.parse(
      JSON.parse(await mfHere('traffic', 'messages', '--me', 'dev', '--json')),
    );
    const toDev = async () =>
      (await requestsDuring(() => call('GET', '/api/messages', { headers: { cookie } }))).dev === 1;
    await until('HAProxy knows it', toDev, patienceMs);
    expect(await requestsDuring(() => postBothWays({ cookie }))).toMatchObject({ dev: 6 });
    expect(await requestsDuring(() => postBothWays())).toMatchObject({ dev: 0 });
    dev.kill('SIGINT');
    const { exitCode, all } = await dev;
    expect([exitCode, all]).toEqual([0, expect.stringContaining('messages dev has left')]);
    expect(await isThere()).toBe(false);
    await post(person.token, 'still here');
  },
);

test(
  'a command that is wrong says so in a line with what to try, and changes nothing',
  longTest,
  async () => {
    await mfHere('traffic', 'messages', `${old}=90`, `${label}=10`);
    const policy = () => mfHere('traffic', 'messages', '--json');
    const before = await policy();
    for (const [words, why] of [
      [['nobody', 'v1'], 'there is no service nobody'],
      [['messages', 'v9'], 'no instance of v9 is alive'],
      [['messages', `${old}=90`, `${label}=20`], 'add up to 110'],
      [['messages', `${old}=50`, `${old}=50`], 'a version has one share'],
      [['messages', `${old}=x`], 'is no share'],
      [['messages', '--me', 'v9'], 'no instance of v9 is alive'],
      [[], 'of which service'],
    ] as const) {
      const { code, out, err } = await tryMf(['traffic', ...words, ...ofStack]);
      expect([words, code, out]).toEqual([words, 2, '']);
      expect(err).toMatch(new RegExp(`^mf: .*${why}.* · next: mf .*$`));
    }
    expect(await policy()).toBe(before);
    expect(await mfHere('plan')).toMatch(
      new RegExp(`messages: ${old} 90 %, ${label} 10 %, by request`),
    );
  },
);
