/**
 * What somebody promises themselves of `mf dev SERVICE --vm`: the service here, in an editor's debugger, and
 * the rest of the stack in the machine.
 *
 * Defines tests, as conformance.ts does.
 */
import { join } from 'node:path';
import { until } from '@microflack/common/testing/until.ts';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseMetrics } from '../../scripts/lib/receipts/instance-metrics.ts';
import { call } from '../client/http.ts';
import { aPerson, mark, postedWith, roomChange } from '../client/person.ts';
import { openSocket } from '../client/socket.ts';
import { checkout } from '../setup/mf.ts';
import { type Machine, succeed } from './machine.ts';

const mf = join(checkout, 'scripts/mf');
/** An emulated machine takes its time. */
const patienceMs = 300_000;

export function promisesOfALaptop(machine: () => Machine): void {
  describe('a service on this computer', () => {
    test('gets the requests of who asks for it, with all that it needs from the machine', async () => {
      const dev = await startHere(machine(), 'messages');
      const headers = { cookie: await dev.find(/--cookie '(mf_me=[^']+)'/) };
      const port = await dev.find(/"instance.registered".*"port":(\d+)/);
      const requests = async () =>
        parseMetrics(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).requests;

      const before = await roomChange();
      const comesHere = async () => {
        const soFar = await requests();
        await call('GET', '/api/messages', { headers });
        return (await requests()) === soFar + 1;
      };
      await until('HAProxy sends requests here', comesHere, patienceMs);

      const [word, { token }] = [mark(), await aPerson()];
      const soFar = await requests();
      const json = { source: `by the API ${word}` };
      expect((await call('POST', '/api/messages', { bearer: token, json, headers })).status).toBe(
        201,
      );
      const { socket } = await openSocket({ transports: ['websocket'], extraHeaders: headers });
      await socket.emitWithAck('post_message', { source: `by a socket ${word}` }, token);
      expect(await requests()).toBe(soFar + 2);
      expect(await postedWith(word, before)).toHaveLength(2);
      expect(await requests(), 'whoever does not ask goes to the machine').toBe(soFar + 2);

      expect(await succeed(machine(), 'mf logs dev-messages --lines 100')).toContain(
        '"instance.registered"',
      );

      dev.child.kill('SIGINT');
      const { exitCode, all } = await dev.child;
      expect([exitCode, all]).toEqual([0, expect.stringContaining('messages dev has left')]);
      expect(await succeed(machine(), 'mf traffic messages')).not.toContain('who names it');
      const { stdout: left } = await execa('pgrep', ['-af', dev.configuration], { reject: false });
      expect(left, 'the connections are gone').toBe('');
    });

    test('that the machine does not have is refused with what it says', async () => {
      const configuration = await machine().sshConfig();
      const words = ['dev', 'messages', '--stack', 'nobodys', '--ssh-config', configuration];
      const { exitCode, stderr } = await execa(mf, words, {
        cwd: checkout,
        reject: false,
      });
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining('there is no stack nobodys')]);
    });
  });
}

/** `find` resolves to the first group of the pattern, as soon as something that it says matches. */
async function startHere(machine: Machine, service: string) {
  const configuration = await machine.sshConfig();
  const words = ['dev', service, '--ssh-config', configuration];
  const child = execa(mf, words, { cwd: checkout, all: true, reject: false });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.all.on('data', (chunk) => {
    said += chunk;
  });
  const ended = child.then(({ all, exitCode }) => {
    throw new Error(`it ended with ${exitCode}: ${all}`);
  });
  ended.catch(() => undefined);
  const find = (pattern: RegExp) =>
    Promise.race([ended, until(`it says ${pattern}`, () => pattern.exec(said)?.[1], patienceMs)]);
  return { child, configuration, find };
}
