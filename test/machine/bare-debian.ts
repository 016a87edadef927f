/** The tree of a bare Debian that machines are booted from: made once by tree.sh, and kept outside the checkout. */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

const script = join(import.meta.dirname, 'tree.sh');
const cache = '/var/cache/microflack';

/** The names of Debian's suites, by their numbers. */
const suites = { 12: 'bookworm', 13: 'trixie' };

/** Another tree where the script is another. */
export async function bareDebian(release: keyof typeof suites = 13): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(script))
    .digest('hex');
  const tree = join(cache, `debian-${release}-${hash.slice(0, 12)}`);
  await mkdir(cache, { recursive: true });
  await execa('bash', [script, suites[release], tree]);
  return tree;
}
