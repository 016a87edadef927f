/**
 * Runs git in a checkout: source.ts and snapshot.ts ask it which files and commits there are.
 *
 * The checkout may belong to somebody else (the VM mounts it from the host), which git takes for an
 * attack unless it is told that this very folder is meant.
 */
import { execa } from 'execa';

/** What git prints; undefined where it fails, as where the folder is no repository. */
export async function askGit(
  checkout: string,
  words: readonly string[],
): Promise<string | undefined> {
  const { exitCode, stdout } = await execa('git', gitWords(checkout, words), { reject: false });
  return exitCode === 0 ? stdout : undefined;
}

/** What git prints; throws where it fails. */
export async function git(checkout: string, words: readonly string[]): Promise<string> {
  return (await execa('git', gitWords(checkout, words), { all: true })).stdout;
}

/** Unpacks files of a commit into a folder. */
export async function unpack(
  checkout: string,
  commit: string,
  paths: readonly string[],
  folder: string,
): Promise<void> {
  const words = gitWords(checkout, ['archive', '--format=tar', commit, '--', ...paths]);
  const archive = execa('git', words, { encoding: 'buffer' });
  await archive.pipe('tar', ['--extract', '--directory', folder]);
}

function gitWords(checkout: string, words: readonly string[]): string[] {
  return ['-c', `safe.directory=${checkout}`, '-C', checkout, ...words];
}
