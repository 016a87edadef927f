/**
 * Releases and the instances of them, as `mf run`, `mf kill` and `mf releases` do it: on a small stack
 * of their own, whose checkout they change.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, cp, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pause } from '@microflack/common/pause.ts';
import { contentHash, readManifest } from '@microflack/common/release-manifest.ts';
import { until } from '@microflack/common/testing/until.ts';
import { execa } from 'execa';
import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest';
import { obtainRelease } from '../scripts/lib/deploy.ts';
import { createOutput } from '../scripts/lib/output.ts';
import { overviewOf } from '../scripts/lib/overview.ts';
import { loadStack } from '../scripts/lib/stack.ts';
import { superviseStack } from '../scripts/lib/supervisor.ts';
import { exampleStack } from '../scripts/lib/testing/example-stack.ts';
import { type Checkout, makeCheckout } from './setup/checkout.ts';

const isRoot = process.getuid?.() === 0;
const betweenRequestsMs = 20;
const patienceMs = 40_000;
const parts = 'consul,mariadb,redis,haproxy,lb,ui';

let copy: Checkout;
let url: string;

// A test here runs up to ten commands, and each is a process that starts.
vi.setConfig({ testTimeout: 120_000 });

beforeAll(async () => {
  copy = await makeCheckout();
  vi.stubEnv('MF_STATE_DIR', dirname(copy.dir));
  await copy.mf('up', '--only', parts);
  url = await copy.mf('url');
});
afterAll(() => copy.forget());

/** Each test begins with the one instance of ui that `mf up` has started, and ends with it. */
beforeEach(() => {
  onTestFinished(async () => {
    await copy.git('checkout', '--quiet', '--', '.');
    for (const { name, by } of await programs('ui')) {
      if (by === 'run') await copy.mf('kill', name, '--now');
    }
  });
});

async function programs(service?: string) {
  const all = (await overviewOf(await loadStack('copy'))).programs;
  return service === undefined ? all : all.filter((one) => one.service === service);
}

const versions = async (service: string) =>
  (await programs(service)).map(({ version }) => version).sort();

const pids = async () => (await programs()).map(({ name, pid }) => `${name} ${pid}`);

/** The page's title tells which source it was built from. */
const entitle = async (title: string) => {
  const page = await readFile(join(copy.folder, 'services/ui/index.html'), 'utf8');
  await copy.write(
    'services/ui/index.html',
    page.replace(/<title>.*<\/title>/, `<title>${title}</title>`),
  );
};

async function titles(requests: number): Promise<string[]> {
  const seen = new Set<string>();
  for (let i = 0; i < requests; i += 1) {
    const page = await (await fetch(url)).text();
    seen.add(/<title>(.*)<\/title>/.exec(page)?.[1] ?? page);
  }
  return [...seen].sort();
}

test('a commit and a copy of the working tree run side by side, and nobody who comes meanwhile fails', async () => {
  const reader = startReader();
  await entitle('Draft');
  await copy.mf('run', 'ui', 'fixed');
  await copy.mf('run', 'ui', 'draft', 'UNCOMMITTED_COPY', '-n', '2');
  await entitle('Next draft');
  expect(await titles(8)).toEqual(['Draft', 'MicroFlack']);
  expect((await versions('ui')).slice(1)).toEqual(['draft', 'draft', 'fixed']);

  await copy.mf('kill', 'draft');
  expect(await titles(8)).toEqual(['MicroFlack']);
  const { requests, failures } = await reader.stop();
  expect(requests).toBeGreaterThan(50);
  expect(failures).toEqual([]);
});

test('a version never becomes another one, and what was built is listed with its source', async () => {
  const commit = await copy.git('rev-parse', 'HEAD');
  await copy.mf('run', 'ui', 'fixed');
  await entitle('Other');
  const { code, err } = await copy.tryMf('run', 'ui', 'fixed', 'UNCOMMITTED_COPY');
  expect(code).toBe(1);
  expect(err).toContain(`✗ ui fixed · fixed exists with other content, built from ${commit}`);
  expect(await copy.mf('releases')).toMatch(
    new RegExp(`^ui +fixed +${commit.slice(0, 8)} +\\d+\\.\\d MB +\\d+ (s|min) +ui-2$`, 'm'),
  );
  expect(await copy.mf('run', 'ui', 'fixed')).not.toContain('built');
});

test('`mf up` leaves alone what `mf run` has started', async () => {
  await copy.mf('run', 'ui', 'fixed');
  await entitle('Newer');
  const before = await pids();
  await copy.mf('up', '--only', parts);
  expect(await pids()).toEqual(before);
});

describe('`mf kill`', () => {
  test('asks before it takes the last one of a service', async () => {
    const { code, err } = await copy.tryMf('kill', 'ui');
    expect(code).toBe(2);
    expect(err).toBe(
      'mf: kill: no instance of ui would be left · next: mf kill ui --last --stack copy',
    );
    expect((await fetch(url)).status).toBe(200);
  });

  test('with --now does not wait, and the registry forgets the instance all the same', async () => {
    await copy.mf('run', 'ui', 'fixed');
    const [hung] = (await programs('ui')).filter(({ version }) => version === 'fixed');
    process.kill(hung?.pid ?? 0, 'SIGSTOP');
    await copy.mf('kill', hung?.name ?? '', '--now');
    expect(await versions('ui')).toHaveLength(1);
    expect(await copy.mf('plan')).not.toContain(hung?.name);
  });
});

describe('a release that somebody edited', () => {
  test('is not started, and the instance that runs from it does not start again', async () => {
    await copy.mf('run', 'ui', 'edited');
    await appendFile(join(copy.dir, 'releases/ui/edited/main.js'), '// better\n');
    const { code, err } = await copy.tryMf('run', 'ui', 'edited');
    expect(code).toBe(1);
    expect(err).toContain('✗ ui edited · the release is not what was built: main.js was changed');

    const [running] = (await programs('ui')).filter(({ version }) => version === 'edited');
    process.kill(running?.pid ?? 0, 'SIGKILL');
    const lastWords = async () =>
      (await readFile(join(copy.dir, `log/${running?.name}.log`), 'utf8'))
        .trim()
        .split('\n')
        .at(-1);
    const refused =
      /releases\/ui\/edited is not what was built: main\.js was changed · next: mf releases$/;
    const hasRefused = async () => refused.test((await lastWords()) ?? '');
    await until('it says why it does not start', hasRefused, patienceMs);
    // Between two attempts a program is EXITED too: only now the word means that it is for good.
    const supervisor = superviseStack(await loadStack('copy'));
    const hasEnded = async () =>
      (await supervisor.status()).some(
        ({ name, state }) => name === running?.name && state === 'EXITED',
      );
    await until('it has ended', hasEnded, patienceMs);
    expect(await lastWords()).toMatch(refused);
    expect((await fetch(url)).status).toBe(200);
  });
});

describe('what goes wrong leaves everything as it was', () => {
  test('an instance that ends at once: with its last words', async () => {
    const before = await pids();
    await copy.write('services/ui/main.ts', "throw new Error('out of luck');\n");
    const { code, err } = await copy.tryMf('run', 'ui', 'broken', 'UNCOMMITTED_COPY', '-n', '2');
    expect(code).toBe(1);
    expect(err).toMatch(
      /✗ ui-\d · ended \(exit status 1\)[\s\S]*out of luck[\s\S]*next: mf logs ui-/,
    );
    expect(await pids()).toEqual(before);
  });

  test('Ctrl-C', async () => {
    const before = await pids();
    await copy.write('services/ui/main.ts', 'setInterval(() => undefined, 1000);\n');
    const command = ['run', 'ui', 'endless', 'UNCOMMITTED_COPY', '--stack', 'copy'];
    const run = spawn(process.execPath, [join(copy.folder, 'scripts/cli/main.ts'), ...command], {
      env: { ...process.env, MF_STATE_DIR: join(copy.folder, '.stack') },
      stdio: 'ignore',
    });
    const ended = once(run, 'exit');
    onTestFinished(() => void run.kill('SIGKILL'));
    const supervisor = superviseStack(await loadStack('copy'));
    const hasBegun = async () =>
      (await supervisor.declared()).some(({ version }) => version === 'endless');
    await until('it has begun', hasBegun, patienceMs);
    run.kill('SIGINT');
    expect((await ended)[0]).toBe(1);
    expect(await pids()).toEqual(before);
  });

  test.skipIf(!isRoot)('a full disk (needs root, for a small one)', async () => {
    const before = await pids();
    const home = join(copy.dir, 'releases/ui');
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', home]);
    try {
      const { code, err } = await copy.tryMf('run', 'ui', 'large');
      expect(code).toBe(1);
      expect(err).toBe(
        `✗ ui large · no space is left for it in ${home}\n  next: mf releases --prune --stack copy`,
      );
      const { stdout } = await execa('find', [home, '-type', 'f']);
      expect(stdout).toBe(join(home, '.building/lock'));
    } finally {
      await execa('umount', [home]);
    }
    expect(await pids()).toEqual(before);
    expect(await copy.mf('releases')).not.toContain('large');
  });
});

test('a service that nobody knew at `mf up` gets all it needs, and nothing else is restarted', async () => {
  const before = await pids();
  onTestFinished(async () => {
    await copy.mf('kill', 'guestbook', '--last');
    if (isRoot) await execa('userdel', ['mf-guestbook']);
    await copy.git('clean', '--quiet', '--force', '-d', 'services');
  });
  await cp(join(import.meta.dirname, 'setup/guestbook'), join(copy.folder, 'services/guestbook'), {
    recursive: true,
  });
  const missing = await copy.tryMf('run', 'guestbook', 'v1');
  expect(missing.code).toBe(2);
  expect(missing.err).toMatch(
    /there is no service guestbook in HEAD \([0-9a-f]{8} has .*UNCOMMITTED_COPY · next: mf run/,
  );

  await copy.mf('run', 'guestbook', 'v1', 'UNCOMMITTED_COPY');
  const sign = await fetch(`${url}/api/guestbook`, { method: 'POST' });
  expect(await sign.json()).toEqual({ entries: 1, counted: 1 });
  expect((await pids()).filter((line) => !line.startsWith('guestbook'))).toEqual(before);
  await copy.mf('up', '--only', parts);
  expect((await pids()).filter((line) => !line.startsWith('guestbook'))).toEqual(before);
});

test('the same source gives the same release on another machine', async () => {
  const other = join(copy.folder, '.stack/else where');
  await execa('git', ['clone', '--quiet', copy.folder, other]);
  await symlink(join(copy.folder, 'node_modules'), join(other, 'node_modules'));
  const [here, there] = [
    await contentOf(copy.folder, 'HEAD'),
    await contentOf(other, 'UNCOMMITTED_COPY'),
  ];
  expect(here).toMatch(/^[0-9a-f]{64}$/);
  expect(there).toBe(here);
});

/** Of ui, which has most that could tell where it was built: a bundle, a page, and the maps of both. */
async function contentOf(checkout: string, source: string): Promise<string> {
  const output = createOutput(true, { out: () => undefined, err: () => undefined, now: () => 0 });
  const stack = { ...exampleStack, checkout, dir: join(checkout, '.stack/built') };
  const { release } = await obtainRelease({ stack, output }, { service: 'ui', source });
  return contentHash((await readManifest(release.folder)).files);
}

/** Somebody who loads the page again and again, one request after the other. */
function startReader() {
  const failures: string[] = [];
  const over = new AbortController();
  let requests = 0;
  const reading = (async () => {
    while (!over.signal.aborted) {
      requests += 1;
      const status = await fetch(url).then(
        async (page) => ((await page.text()) === '' ? 'empty' : page.status),
        (error: unknown) => String(error),
      );
      if (status !== 200) failures.push(String(status));
      await pause(betweenRequestsMs, over.signal);
    }
  })();
  return {
    async stop() {
      over.abort();
      await reading;
      return { requests, failures };
    },
  };
}
