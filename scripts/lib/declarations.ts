/**
 * What a stack's supervisord shall run: one file for each program, which is the record of it too.
 *
 * supervisor.ts makes the daemon follow these files. A file says in its first line which service and
 * version it is, so that nobody has to remember that elsewhere.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { confined } from './confine.ts';
import { noSuchFile } from './failure.ts';
import { type Header, parseHeader, programIni } from './ini.ts';
import type { Program } from './program.ts';
import type { Stack } from './stack.ts';

/** A program as its file describes it. */
export interface Declared extends Header {
  name: string;
}

const ending = '.ini';

export function declarationsOf(stack: Pick<Stack, 'dir' | 'checkout' | 'asRoot'>) {
  const folder = join(stack.dir, 'supervisor/programs');
  const fileOf = (name: string) => join(folder, `${name}${ending}`);
  const textOf = (program: Program, about: Header) =>
    programIni(program, confined(program, stack), about, join(stack.dir, 'log'));

  /** Forgets all of them. */
  async function clear(): Promise<void> {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  }

  /** Whether exactly this is declared, so that there is nothing to do for it. */
  async function isDeclared(program: Program, about: Header): Promise<boolean> {
    const text = await readFile(fileOf(program.name), 'utf8').catch(() => '');
    return text === textOf(program, about);
  }

  /** Resolves to the declaration that it replaces, for restore. */
  async function declare(program: Program, about: Header): Promise<string | undefined> {
    const before = await readFile(fileOf(program.name), 'utf8').catch(() => undefined);
    await restore(program.name, textOf(program, about));
    return before;
  }

  async function restore(name: string, declaration: string): Promise<void> {
    await writeFile(`${fileOf(name)}.new`, declaration);
    await rename(`${fileOf(name)}.new`, fileOf(name));
  }

  async function forget(name: string): Promise<void> {
    await rm(fileOf(name), { force: true });
  }

  async function declared(): Promise<Declared[]> {
    const files = await readdir(folder).catch(() => []);
    const names = files
      .filter((file) => file.endsWith(ending))
      .map((file) => file.slice(0, -ending.length));
    const all = names.map(async (name) => {
      // Another command may have withdrawn it since.
      const text = await readFile(fileOf(name), 'utf8').catch(noSuchFile);
      return text === undefined ? undefined : { name, ...parseHeader(text) };
    });
    return (await Promise.all(all)).filter((one) => one !== undefined);
  }

  return { clear, isDeclared, declare, restore, forget, declared };
}
