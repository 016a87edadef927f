/** What provisioning has made of a machine, as lines: two machines with the same ones are the same. */
import { type Machine, succeed } from './machine.ts';

const ours = "\\( -name node_modules -o -path '*/.git/index' \\) -prune -o";
const foreign = "-name '.*' -prune -o -printf '%m %u %y %s %p %l\\n'";

const commands = [
  'dpkg-query -W; dpkg --audit',
  "getent passwd | awk -F: '/^mf-/ { print $1, $6, $7 }' | sort",
  'systemctl list-unit-files --state=enabled --no-legend --plain',
  'sha256sum /usr/local/bin/mf /etc/systemd/system/microflack.service /etc/systemd/resolved.conf.d/*',
  // Git notes in its index when it looked at which file; caches come and go.
  `find /opt/microflack ${ours} -printf '%m %u %g %y %p %l\\n' | sort`,
  `find /opt/microflack ${ours} -type f -not -path '*/.git/*' -print0 | sort -z | xargs -0 sha256sum`,
  `cd /opt/microflack/checkout && find node_modules ${foreign} | sort | sha256sum`,
  'ls /usr/sbin/policy-rc.d /var/lib/microflack-provision/unfinished /opt/microflack/.partial* 2>&1',
  // A start that was killed has used up a number.
  'mf status --json | grep -oE \'"(service|version|health)": .*\'',
];

export async function fingerprint(machine: Machine): Promise<string[]> {
  const texts: string[] = [];
  for (const command of commands) texts.push(await succeed(machine, `${command} || true`));
  return texts.join('\n').split('\n');
}

/** Files that were written since the mark, but for what a running system writes all the time. */
export async function writtenSince(machine: Machine, mark: string): Promise<string[]> {
  const running = '/var/lib/microflack /var/lib/systemd /var/lib/private';
  const without = [...running.split(' ').map((path) => `-path ${path}`), '-name .cache'].join(
    ' -o ',
  );
  const find = `find /etc /usr /opt /root /home /var/lib \\( ${without} \\) -prune -o -newer ${mark} -print`;
  const text = await succeed(machine, find);
  return text.split('\n').filter((line) => line !== '');
}
