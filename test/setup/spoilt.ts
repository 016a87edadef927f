/**
 * A release of popularity that queries badly, made as somebody at a workshop makes it: from a copy in
 * which one line is another. Which one, and what it becomes, is read from the service's README.
 */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildRelease, releasesOf } from '../../scripts/lib/release.ts';
import { readService } from '../../scripts/lib/services.ts';
import { workingTree } from '../../scripts/lib/source.ts';
import type { Stack } from '../../scripts/lib/stack.ts';
import { checkout } from './mf.ts';

const home = join(checkout, 'services/popularity');
const theLine = /^const messagesOfAPerson = .*;$/gm;

/** Builds it into the stack, where `mf run popularity LABEL` finds it. */
export async function buildSpoilt(stack: Stack, label: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mf-spoilt-'));
  try {
    for (const name of ['common', 'node_modules', 'package-lock.json', 'tsconfig.json']) {
      await symlink(join(checkout, name), join(folder, name));
    }
    const copy = join(folder, 'services/popularity');
    await cp(home, copy, { recursive: true });
    await writeFile(join(copy, 'store.ts'), await spoiltStore());
    const service = await readService(folder, 'popularity');
    if (!service) throw new Error('expected services/popularity to be a service');
    const tree = { folder, source: async () => workingTree };
    await buildRelease(tree, service, releasesOf(stack.dir, 'popularity'), label);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function spoiltStore(): Promise<string> {
  const [good = '', bad = ''] =
    (await readFile(join(home, 'README.md'), 'utf8')).match(theLine) ?? [];
  const store = await readFile(join(home, 'store.ts'), 'utf8');
  if (!bad || store.split(good).length !== 2) {
    throw new Error('expected the README to name a line of store.ts, and what it becomes');
  }
  // A function: $ has a meaning of its own in a text that is put in.
  return store.replace(good, () => bad);
}
