/**
 * A checkout whose files a test may change, with a stack of its own in it. It shares the packages.
 *
 * It is a repository with one commit: the working tree of this one as it is.
 */
import { chmod, cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { type Ended, checkout as original } from './mf.ts';

const copied = ['.gitignore', 'common', 'services', 'scripts', 'provision'];
const files = ['package.json', 'package-lock.json', 'tsconfig.json'];

export interface Checkout {
  folder: string;
  /** Of its stack. */
  dir: string;
  /** What `mf` prints; rejects where it fails. */
  mf(...words: string[]): Promise<string>;
  /** Whatever it ends with. */
  tryMf(...words: string[]): Promise<Ended>;
  git(...words: string[]): Promise<string>;
  /** Commits all there is; resolves to the commit. */
  commit(): Promise<string>;
  write(path: string, content: string): Promise<void>;
  forget(): Promise<void>;
}

export async function makeCheckout(): Promise<Checkout> {
  const folder = await mkdtemp(join(tmpdir(), 'mf-checkout-'));
  await chmod(folder, 0o755);
  const filter = (path: string) => !/^(node_modules|dist)$/.test(basename(path));
  for (const name of [...copied, ...files]) {
    await cp(join(original, name), join(folder, name), { recursive: true, filter });
  }
  await symlink(join(original, 'node_modules'), join(folder, 'node_modules'));

  const git = async (...words: string[]) => {
    const author = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
    return (await execa('git', [...author, ...words], { cwd: folder })).stdout;
  };
  const commit = async () => {
    await git('add', '.');
    await git('commit', '--quiet', '--message', 'One more');
    return git('rev-parse', 'HEAD');
  };
  const tryMf = async (...words: string[]): Promise<Ended> => {
    const command = [join(folder, 'scripts/cli/main.ts'), ...words, '--stack', 'copy'];
    const state = join(folder, '.stack');
    const env = { MF_STATE_DIR: state, NODE_COMPILE_CACHE: join(state, 'compiled') };
    const result = await execa(process.execPath, command, { env, reject: false });
    return { code: result.exitCode, out: result.stdout, err: result.stderr };
  };
  const mf = async (...words: string[]) => {
    const { code, out, err } = await tryMf(...words);
    if (code !== 0) throw new Error(`mf ${words.join(' ')} ended with ${code}:\n${out}\n${err}`);
    return out;
  };
  await git('init', '--quiet');
  // It is a link here, which .gitignore does not mean.
  await writeFile(join(folder, '.git/info/exclude'), 'node_modules\n');
  await commit();
  return {
    folder,
    dir: join(folder, '.stack/copy'),
    mf,
    tryMf,
    git,
    commit,
    write: (path, content) => writeFile(join(folder, path), content),
    async forget() {
      await mf('down', '--purge');
      await rm(folder, { recursive: true });
    },
  };
}
