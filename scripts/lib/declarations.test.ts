import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { declarationsOf } from './declarations.ts';
import type { Program } from './program.ts';
import { exampleStack } from './testing/example-stack.ts';

const program = (name: string): Program => ({
  ...{ name, user: 'nobody', command: ['true'], environment: {}, show: [] },
  ...{ priority: 1, stopWaitSecs: 1 },
});
const about = { service: 'messages', version: 'v1', by: 'up', settings: 'abc' } as const;

test('a program that is withdrawn while others look is simply not there', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'mf-declarations-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const declarations = declarationsOf({ ...exampleStack, dir, asRoot: false });
  await declarations.clear();
  await declarations.declare(program('stays-1'), about);
  for (let round = 0; round < 20; round += 1) {
    await declarations.declare(program('goes-1'), about);
    const looks = Array.from({ length: 32 }, () => declarations.declared());
    await declarations.forget('goes-1');
    for (const seen of await Promise.all(looks)) {
      expect(seen.map(({ name }) => name)).toContain('stays-1');
    }
  }
  expect(await declarations.declared()).toMatchObject([{ name: 'stays-1', version: 'v1' }]);
});
