import { describe, expect, test } from 'vitest';
import { instanceOf, migrationOf, nextName } from './instance.ts';
import { newSecrets } from './secrets.ts';
import type { Service } from './services.ts';
import type { Stack } from './stack.ts';

const stack: Stack = {
  name: 'demo',
  dir: '/stack',
  checkout: '/checkout',
  asRoot: true,
  bind: '*',
  ports: {
    public: 8080,
    consulHttp: 1,
    consulServer: 2,
    consulSerf: 3,
    mariadb: 4,
    galera: 5,
    galeraIst: 6,
    redis: 7,
    haproxyStats: 8,
  },
  secrets: newSecrets(['tokens', 'users', 'ui']),
};
const tokens: Service = {
  name: 'tokens',
  version: '1.0.0',
  workers: [],
  hasMigrations: true,
  hasPage: false,
  up: true,
  single: false,
  needs: ['redis', 'internal', 'signing'],
};
const ui: Service = { ...tokens, name: 'ui', hasMigrations: false, needs: [] };
const release = { label: '1.0.0-3fa2b1c0', folder: '/stack/releases/tokens/1.0.0-3fa2b1c0' };
const node = '/opt/node';

describe('an instance', () => {
  const { program, files } = instanceOf(stack, tokens, release, 'tokens-1', node);

  test('reads its release and its settings, and has no other right', () => {
    const rights = program.command.filter((word) => word.startsWith('--allow'));
    expect(program.command).toContain('--permission');
    expect(rights).toEqual([
      `--allow-fs-read=${release.folder}`,
      '--allow-fs-read=/stack/settings/tokens.env',
    ]);
  });

  test('has its secrets in a file for its own user alone, and nowhere else', () => {
    const [settings] = files;
    expect(settings).toMatchObject({ mode: 0o600, user: 'mf-tokens' });
    const secret = stack.secrets.mariadb.tokens?.app ?? 'none';
    expect(settings?.content).toContain(`MYSQL_URL="mysql://tokens:${secret}@127.0.0.1:4/tokens"`);
    expect(settings?.content).toContain(stack.secrets.tokenSigningKeys);
    expect(JSON.stringify(program)).not.toContain(secret);
  });

  test('gets what it says it needs and no more', () => {
    const [settings] = instanceOf(stack, ui, release, 'ui-1', node).files;
    expect(settings?.content).toBe(`CONSUL_TOKEN="${stack.secrets.consulServices.ui}"\n`);
  });

  test('sees the other releases of its service where it asks for them, and no other service’s', () => {
    const asking: Service = { ...ui, needs: ['releases'] };
    const { program: page, files: placed } = instanceOf(stack, asking, release, 'ui-1', node);
    expect(placed[0]?.content).toContain('RELEASES_FOLDER="/stack/releases/ui"');
    expect(page.command).toContain('--allow-fs-read=/stack/releases/ui');
    expect(page.show).toContainEqual({ path: '/stack/releases/ui', writable: false });
  });

  test('may not use the account that changes tables', () => {
    const { migrations } = stack.secrets.mariadb.tokens ?? { migrations: 'none' };
    expect(files[0]?.content).not.toContain(migrations);
    const { environment } = migrationOf(stack, tokens, release, node);
    expect(environment.MYSQL_MIGRATIONS_URL).toContain(`tokens_migrations:${migrations}@`);
  });
});

describe("a program's name", () => {
  test('is the first number that is free, also while an older one still runs', () => {
    expect(nextName(tokens, new Set())).toBe('tokens-1');
    expect(nextName(tokens, new Set(['tokens-1', 'tokens-3']))).toBe('tokens-2');
  });

  test('has no number where there is only ever one', () => {
    expect(nextName({ ...tokens, name: 'lb', single: true }, new Set(['lb']))).toBe('lb');
  });
});
