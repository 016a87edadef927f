/**
 * Where the programs of the parts are on this machine, and which versions they are.
 *
 * Every part asks here, so that a missing one is named together with what installs it. Installs
 * nothing (provision/ does).
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa, execaSync } from 'execa';
import { StepFailure } from '../failure.ts';

/** An ordinary user's PATH may lack the folders where Debian keeps daemons. */
const daemonFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The absolute path of a program. */
export function findProgram(name: string): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...daemonFolders];
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found) return found;
  throw new StepFailure(name, `${name} is not installed`, 'provision/all.sh');
}

/** Runs `PROGRAM FLAG` and reads the first version number that it prints. */
export async function versionOf(program: string, flag: string): Promise<string> {
  const { stdout } = await execa(findProgram(program), [flag]);
  return parseVersion(stdout);
}

/** The same for where a configuration depends on it, which is text and cannot wait. */
export function versionNow(program: string, flag: string): string {
  return parseVersion(execaSync(findProgram(program), [flag]).stdout);
}

export function parseVersion(text: string): string {
  const found = /\d+\.\d+\.\d+/.exec(text)?.[0];
  if (found === undefined) throw new Error(`expected a version like 1.2.3 in: ${text}`);
  return found;
}

/** Whether version (1.10.2) is at least this one (1.9). */
export function isAtLeast(version: string, wanted: string): boolean {
  return version.localeCompare(wanted, 'en', { numeric: true }) >= 0;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or not for us: look on
  }
}
