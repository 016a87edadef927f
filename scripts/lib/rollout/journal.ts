/**
 * An upgrade on disk, DIR/upgrades/SERVICE.json, and the lock of whoever works at it.
 *
 * The file is written, and forced to the disk, before each step: whatever happens to the command, an
 * upgrade that is not finished is known to be so. The lock is the kernel's and ends with the command;
 * a second one is refused at once, and told who has it.
 */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, noSuchFile, StepFailure } from '../failure.ts';
import { whileAlone } from '../lock.ts';
import { type Stack, stackOption } from '../stack.ts';
import { type Upgrade, upgradeSchema } from './state.ts';

type Place = Pick<Stack, 'dir' | 'name'>;

export interface Journal {
  /** Undefined where no upgrade is under way. */
  read(): Promise<Upgrade | undefined>;
  write(upgrade: Upgrade): Promise<void>;
  /** The upgrade is finished. */
  close(): Promise<void>;
}

export function journalOf(stack: Place, service: string): Journal {
  const folder = join(stack.dir, 'upgrades');
  const path = join(folder, `${service}.json`);
  return {
    async read() {
      const text = await readFile(path, 'utf8').catch(noSuchFile);
      return text === undefined ? undefined : parse(path, text);
    },
    async write(upgrade) {
      await mkdir(folder, { recursive: true });
      await writeThrough(`${path}.new`, `${JSON.stringify(upgrade, null, 2)}\n`);
      await rename(`${path}.new`, path);
      await sync(folder);
    },
    async close() {
      await rm(path, { force: true });
      await sync(folder);
    },
  };
}

/** Does the work while no other command upgrades this service. */
export async function whileUpgrading<T>(
  stack: Place,
  service: string,
  command: string,
  work: () => Promise<T>,
): Promise<T> {
  const folder = join(stack.dir, 'upgrades');
  await mkdir(folder, { recursive: true });
  const refuse = (holder: string) =>
    new StepFailure(
      `upgrade of ${service}`,
      `${holder} is at it`,
      `mf status${stackOption(stack.name)}`,
    );
  return whileAlone(join(folder, `${service}.lock`), command, refuse, work);
}

function parse(path: string, text: string): Upgrade {
  try {
    return upgradeSchema.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new StepFailure('journal', `${path} cannot be read: ${why}`, `rm ${path}`, [], error);
  }
}

async function writeThrough(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A folder's entries are forced to the disk by themselves. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
