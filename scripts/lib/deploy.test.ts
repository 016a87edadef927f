import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readManifest } from '../../common/release-manifest.ts';
import { obtainRelease } from './deploy.ts';
import { createOutput } from './output.ts';
import { readAtOneMoment, withSnapshot } from './snapshot.ts';
import { exampleStack } from './testing/example-stack.ts';

const files = {
  '.gitignore': '*.log\n',
  'package-lock.json': '{"packages":{}}',
  'common/greeting.ts': "export const greeting: string = 'hello';\n",
  'services/hello/package.json': '{"version":"1.2.3","microflack":{"needs":["redis"]}}',
  'services/hello/main.ts':
    "import { greeting } from '@microflack/common/greeting.ts';\nconsole.log(greeting);\n",
};

/** A repository with one small service, and a stack's folder beside it. */
async function build() {
  const folder = await mkdtemp(join(tmpdir(), 'mf-deploy-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [checkout, dir] = [join(folder, 'check out'), join(folder, 'stack')];
  const write = async (path: string, content: string) => {
    await mkdir(dirname(join(checkout, path)), { recursive: true });
    await writeFile(join(checkout, path), content);
  };
  const author = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
  const git = async (...words: string[]) =>
    (await execa('git', [...author, ...words], { cwd: checkout })).stdout;
  const commit = async () => {
    await git('add', '.');
    await git('commit', '--quiet', '--message', 'One more');
    return git('rev-parse', 'HEAD');
  };
  for (const [path, content] of Object.entries(files)) await write(path, content);
  await git('init', '--quiet');
  const stack = { ...exampleStack, checkout, dir };
  const output = createOutput(true, { out: () => undefined, err: () => undefined, now: () => 0 });
  const obtain = async (label?: string, source?: string, service = 'hello') =>
    (await obtainRelease({ stack, output }, { service, label, source })).release;
  return { checkout, dir, write, git, commit, obtain, first: await commit() };
}

const mainOf = ({ folder }: { folder: string }) => readFile(join(folder, 'main.js'), 'utf8');

describe('a source', () => {
  test('is HEAD where nobody says more: what is committed, whatever the working tree has', async () => {
    const { obtain, write, first } = await build();
    await write('common/greeting.ts', "export const greeting = 'not yet';\n");
    const release = await obtain('v1');
    expect(await mainOf(release)).toContain('hello');
    expect(release.source).toBe(first);
    expect((await readManifest(release.folder)).source).toBe(first);
  });

  test('is a git ref of any kind', async () => {
    const { obtain, write, commit, git } = await build();
    await git('branch', 'feature/größer');
    await write('common/greeting.ts', "export const greeting = 'later';\n");
    await commit();
    expect(await mainOf(await obtain('v1', 'HEAD~1'))).toContain('hello');
    expect(await mainOf(await obtain('v2', 'feature/größer'))).toContain('hello');
    expect(await mainOf(await obtain('v3', 'HEAD'))).toContain('later');
  });

  test('is the working tree, with files that git does not know and without those it ignores', async () => {
    const { checkout, obtain, write } = await build();
    await write('common/greeting.ts', "export { greeting } from './new-one.ts';\n");
    await write('common/new-one.ts', "export const greeting = 'untracked';\n");
    await write('common/secret.log', 'nobody needs this');
    const release = await obtain('v1', 'UNCOMMITTED_COPY');
    expect(await mainOf(release)).toContain('untracked');
    expect(release.source).toBe('UNCOMMITTED_COPY');
    await withSnapshot(checkout, { service: 'hello', source: 'UNCOMMITTED_COPY' }, async (tree) => {
      expect(await readdir(join(tree.folder, 'common'))).toEqual(['greeting.ts', 'new-one.ts']);
    });
  });

  test('is read as it was at one moment, whoever writes meanwhile', async () => {
    const seen = (content: string) => new Map([['main.ts', Buffer.from(content)]]);
    const readings = ['before', 'half', 'whole', 'whole', 'next'].map(seen);
    const settled = await readAtOneMoment(async () => readings.shift() ?? seen('later'));
    expect(settled).toEqual(seen('whole'));
    const rounds = Array.from({ length: 20 }, (_, round) => seen(`round ${round}`));
    const never = await readAtOneMoment(async () => rounds.shift() ?? seen('the end'));
    expect(never).toBeUndefined();
  });

  test('is not what somebody writes while it is built', async () => {
    const { checkout, write } = await build();
    const read = { service: 'hello', source: 'UNCOMMITTED_COPY' };
    await withSnapshot(checkout, read, async ({ folder }) => {
      await write('common/greeting.ts', 'half a sente');
      expect(await readFile(join(folder, 'common/greeting.ts'), 'utf8')).toContain('hello');
    });
  });

  test('leaves nothing behind', async () => {
    const { checkout } = await build();
    let folder = '';
    await withSnapshot(checkout, { service: 'hello', source: 'HEAD' }, async (tree) => {
      folder = tree.folder;
    });
    await expect(readdir(folder)).rejects.toThrow('ENOENT');
  });
});

describe('a version', () => {
  test('is found where it was built from this source, and never becomes another one', async () => {
    const { obtain, write, commit, first } = await build();
    expect((await obtain('v1')).built).toBe(true);
    expect((await obtain('v1')).built).toBe(false);
    await write('common/greeting.ts', "export const greeting = 'later';\n");
    await commit();
    await expect(obtain('v1')).rejects.toThrow(`v1 exists with other content, built from ${first}`);
    expect((await obtain('v1', first)).built).toBe(false);
  });

  test('that was built from an uncommitted copy is found by its name alone', async () => {
    const { obtain, write } = await build();
    await write('common/greeting.ts', "export const greeting = 'draft';\n");
    await obtain('v1', 'UNCOMMITTED_COPY');
    await write('common/greeting.ts', "export const greeting = 'next draft';\n");
    expect(await mainOf(await obtain('v1'))).toContain('draft');
    await expect(obtain('v1', 'UNCOMMITTED_COPY')).rejects.toThrow('exists with other content');
  });

  test('is its content where nobody names it, whichever way that is reached', async () => {
    const { obtain } = await build();
    const committed = await obtain();
    expect(committed.label).toMatch(/^1\.2\.3-[0-9a-f]{8}$/);
    expect(await obtain(undefined, 'UNCOMMITTED_COPY')).toMatchObject({
      label: committed.label,
      built: false,
    });
  });

  test('can be run without its source: the release itself says what it needs', async () => {
    const { obtain, dir, checkout } = await build();
    await obtain('v1', 'UNCOMMITTED_COPY');
    await rm(join(checkout, 'services/hello'), { recursive: true });
    const stack = { ...exampleStack, checkout, dir };
    const found = await obtainRelease(
      { stack, output: createOutput(true) },
      { service: 'hello', label: 'v1' },
    );
    expect(found.service).toMatchObject({ name: 'hello', needs: ['redis'], hasMigrations: false });
  });

  test('whose files somebody edited or took away is refused', async () => {
    const { obtain } = await build();
    const { folder } = await obtain('v1');
    await appendFile(join(folder, 'manifest.json'), 'x');
    await expect(obtain('v1')).rejects.toThrow('manifest.json is not what was built');
    await rm(join(folder, 'manifest.json'));
    await expect(obtain('v1')).rejects.toThrow('is there, but is no release');
  });
});

test.each([
  [['v 1'], "'v 1' is no version"],
  [['../v1'], "'../v1' is no version"],
  [['.hidden'], "'.hidden' is no version"],
  [['v'.repeat(65)], 'is no version'],
  [['v1', 'nowhere'], 'there is no commit "nowhere"'],
  [['v1', '--help'], 'there is no commit "--help"'],
  [['v1', ''], 'there is no commit ""'],
  [['v1', 'HEAD', 'helo'], ' has hello); what is not committed is UNCOMMITTED_COPY'],
  [['v1', 'UNCOMMITTED_COPY', 'helo'], 'there is no service helo in UNCOMMITTED_COPY'],
  [['v1', 'HEAD', '../hello'], "'../hello' is no name for a service"],
])('%j is refused as a wrong command', async ([label, source, service], why) => {
  const { obtain } = await build();
  await expect(obtain(label, source, service)).rejects.toThrow(
    expect.objectContaining({ name: 'UsageError', message: expect.stringContaining(why) }),
  );
});
