/**
 * What lb does to HAProxy's file and process: write, check, reload. reconcile.ts decides when.
 *
 * A file is always replaced as a whole by a rename, so that a HAProxy that starts at any moment finds
 * either the old configuration or the new one.
 */
import { execFile } from 'node:child_process';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { pause } from '@microflack/common/pause.ts';
import { ask } from './runtime.ts';

const run = promisify(execFile);

const checkTimeoutMs = 10_000;
/** A worker is there some 50 ms after a reload; where it is not by then, it will not come. */
const reloadTimeoutMs = 10_000;
const reloadPollMs = 10;

export async function replaceFile(path: string, text: string): Promise<void> {
  const next = `${path}.next`;
  await writeFile(next, text, { mode: 0o600 });
  await rename(next, path);
}

/** Undefined where there is none yet. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What HAProxy has against this configuration; undefined where it would take it. */
export async function objectionTo(
  text: string,
  { haproxyBin, haproxyConfig }: { haproxyBin: string; haproxyConfig: string },
): Promise<string | undefined> {
  const candidate = `${haproxyConfig}.candidate`;
  await writeFile(candidate, text, { mode: 0o600 });
  try {
    await run(haproxyBin, ['-c', '-f', candidate], { timeout: checkTimeoutMs });
    return undefined;
  } catch (error) {
    const { stderr = '' } = error instanceof Error && 'stderr' in error ? error : {};
    return alertsIn(String(stderr)) || String(error);
  }
}

/**
 * Has HAProxy load its file again. What it has against that; undefined when `isLoaded` has said so.
 * Rejects where the master cannot be reached: then nothing was asked.
 */
export async function reload(
  masterSocket: string,
  isLoaded: () => Promise<boolean>,
): Promise<string | undefined> {
  // HAProxy 2.6 answers nothing; later ones wait for the new worker, and tell.
  const answer = await ask(masterSocket, 'reload');
  if (answer.startsWith('Success=0')) return answer;
  const patience = AbortSignal.timeout(reloadTimeoutMs);
  while (!patience.aborted) {
    if (await isLoaded()) return undefined;
    await pause(reloadPollMs, patience);
  }
  return `no new worker within ${reloadTimeoutMs} ms; HAProxy's log says why`;
}

/** HAProxy's reasons without its notices. */
function alertsIn(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.includes('[ALERT]'));
  return lines.join('\n');
}
