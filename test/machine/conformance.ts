/**
 * What a provisioned machine promises, whatever made it: a container here, a virtual machine in test/vm/.
 *
 * Defines tests; the suite that calls it has booted and provisioned the machine, and has set
 * MF_TEST_URL to where its page is reached from here.
 */
import { readFile } from 'node:fs/promises';
import { until } from '@microflack/common/testing/until.ts';
import { describe, expect, onTestFinished, test } from 'vitest';
import { newPerson, openBrowser } from '../browser/browser.ts';
import { call } from '../client/http.ts';
import { aPerson, mark, post, postedWith, roomChange } from '../client/person.ts';
import { openSocket } from '../client/socket.ts';
import { type Machine, succeed } from './machine.ts';

export const publicPort = 8080;

export function promisesOfAChat(): void {
  describe('the chat', () => {
    test('takes a message by REST and gives it back', async () => {
      const before = await roomChange();
      const word = mark();
      const { token } = await aPerson();
      await post(token, `by REST ${word}`);
      expect(await postedWith(word, before)).toHaveLength(1);
    });

    test('tells everybody by Socket.IO', async () => {
      const word = mark();
      const { token } = await aPerson();
      const { updates } = await openSocket();
      await post(token, `by socket ${word}`);
      const arrived = () =>
        updates.some((one) => one.class === 'Message' && one.model.source.includes(word));
      await until('the message arrives', arrived, 20_000);
    });

    test('is there for two people in browsers', async () => {
      const browser = await openBrowser();
      onTestFinished(() => browser.close());
      const [ada, ben] = [await newPerson(browser, 'Ada'), await newPerson(browser, 'Ben')];
      await ada.say('hello from a machine');
      await ben.sees('hello from a machine');
    });
  });
}

export function promisesOfAMachine(machine: () => Machine): void {
  describe('the machine', () => {
    test('shows everybody by `mf status` that all is well', async () => {
      expect(await succeed(machine(), 'runuser -u nobody -- mf help')).toContain('usage: mf VERB');
      expect(await allIsWell(machine())).toMatch(/messages-1 .* healthy/);
    });

    test('completes `mf` on a TAB', async () => {
      const typed = 'COMP_WORDS=(mf st) COMP_CWORD=1; _mf; echo "$COMPREPLY"';
      const line = `source /usr/share/bash-completion/completions/mf; ${typed}`;
      expect(await succeed(machine(), line)).toBe('status');
    });

    test('has one unit for it all, whose log is in the journal', async () => {
      const line = 'systemctl is-enabled microflack && journalctl -u microflack --output=cat';
      const text = await succeed(machine(), line);
      expect(text).toMatch(/^enabled$/m);
      expect(text).toMatch(/^Stack default is up after/m);
    });

    test('runs code that is on its own disk, and nothing from what is shared', async () => {
      const line =
        'for p in /proc/[0-9]*; do readlink $p/exe $p/cwd; tr "\\0" "\\n" <$p/cmdline; done';
      const text = await succeed(machine(), `${line} 2>/dev/null | sort -u`);
      expect(text).not.toMatch(/^\/vagrant/m);
      expect(text).toContain('/var/lib/microflack/default');
    });

    test('knows none of the certificates that it was provisioned with', async () => {
      const file = process.env.NODE_EXTRA_CA_CERTS;
      const body =
        file === undefined ? 'nothing' : (await readFile(file, 'utf8')).split('\n').at(-3);
      const places = '/etc /opt/microflack /usr/local /var/lib/microflack /root /home';
      const text = await machine().run(
        `grep -rlF --exclude-dir=node_modules -e '${body}' ${places}`,
      );
      expect(text.text.replaceAll(/^\/etc\/ssl\/certs\/.*$/gm, '').trim()).toBe('');
    });

    test('is back after a reboot, with what was said before', async () => {
      const word = mark();
      const before = await roomChange();
      const { token } = await aPerson();
      await post(token, `before the reboot ${word}`);
      await machine().reboot();
      await succeed(machine(), 'systemctl start microflack');
      await allIsWell(machine());
      expect(await postedWith(word, before)).toHaveLength(1);
      expect((await call('GET', '/api/users/me', { bearer: token })).status).not.toBe(500);
    });
  });
}

/** Resolves to what `mf status` says. Right after a change something may still be on its way; it is not for long. */
export function allIsWell(machine: Machine): Promise<string> {
  const asked =
    'timeout 120 bash -c "until runuser -u vagrant -- mf status >/run/status; do sleep 1; done"';
  return succeed(machine, `${asked}; code=$?; cat /run/status; exit $code`);
}
