/**
 * Releases of the fixture service, and people who use it: for tests of what happens to a service
 * while it is upgraded.
 */
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { buildRelease, releasesOf } from '../../scripts/lib/release.ts';
import { readService } from '../../scripts/lib/services.ts';
import type { Stack } from '../../scripts/lib/stack.ts';
import { checkout } from './mf.ts';

/** Enough that every instance is asked within the moment in which it is watched. */
const betweenRequestsMs = 10;

export interface Moody {
  label: string;
  mood?: string;
  /** Files of its migrations/, by their names. */
  migrations?: Record<string, string>;
}

/** Builds it into the stack, as `mf run` would: then it is found there by its label. */
export async function buildMoody(
  stack: Stack,
  { label, mood = 'well', migrations = {} }: Moody,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mf-moody-'));
  try {
    await mkdir(join(folder, 'services/moody'), { recursive: true });
    for (const name of ['common', 'node_modules', 'package-lock.json', 'tsconfig.json']) {
      await symlink(join(checkout, name), join(folder, name));
    }
    const source = await readFile(join(import.meta.dirname, '../fixtures/moody.ts'), 'utf8');
    const main = source.replace("'MOOD' satisfies Mood | 'MOOD'", JSON.stringify(mood));
    await writeFile(join(folder, 'services/moody/main.ts'), `${main}\n// ${label}\n`);
    await writeFile(join(folder, 'services/moody/package.json'), '{"version":"1.0.0"}');
    for (const [name, sql] of Object.entries(migrations)) {
      await mkdir(join(folder, 'services/moody/migrations'), { recursive: true });
      await writeFile(join(folder, 'services/moody/migrations', name), sql);
    }
    const service = await readService(folder, 'moody');
    if (!service) throw new Error('expected the fixture to be a service');
    const tree = { folder, source: async () => 'UNCOMMITTED_COPY' };
    await buildRelease(tree, service, releasesOf(stack.dir, 'moody'), label);
  } finally {
    await rm(folder, { recursive: true });
  }
}

export interface Crowd {
  /** Statuses other than 200, and what was thrown. */
  failed: string[];
  /** How often each version has answered. */
  answers: Map<string, number>;
  leave(): Promise<void>;
}

/** Asks again and again, through HAProxy and never twice for one answer, until the test ends. */
export function askMoody(url: string): Crowd {
  const over = new AbortController();
  const failed: string[] = [];
  const answers = new Map<string, number>();
  const ask = async () => {
    try {
      const answer = await fetch(`${url}/moody`);
      const body = await answer.text();
      if (answer.status !== 200) failed.push(String(answer.status));
      else {
        const { version } = JSON.parse(body);
        answers.set(version, (answers.get(version) ?? 0) + 1);
      }
    } catch (error) {
      failed.push(String(error));
    }
  };
  const goOn = async () => {
    while (!over.signal.aborted) {
      await ask();
      await wait(betweenRequestsMs);
    }
  };
  const gone = goOn();
  const leave = async () => {
    over.abort();
    await gone;
  };
  onTestFinished(leave);
  return { failed, answers, leave };
}
