import { expect, test } from 'vitest';
import { releasesTable } from '../cli/releases.ts';
import { outdated, type ReleaseRow } from './release-list.ts';

const now = Date.parse('2026-11-21T14:00:00Z');

const row = (service: string, version: string, more: Partial<ReleaseRow> = {}): ReleaseRow => ({
  service,
  version,
  source: 'UNCOMMITTED_COPY',
  builtAt: '2026-11-21T13:57:30.000Z',
  bytes: 2_340_000,
  runBy: [],
  folder: `/releases/${service}/${version}`,
  ...more,
});

test('the table tells source, size, age and who runs it', () => {
  const commit = '9708c3ea2ee0ea6ea8b159b9d1e70d2dbcc839b3';
  const older = { builtAt: '2026-11-18T13:00:00Z', source: commit, runBy: ['ui-1', 'ui-3'] };
  expect(releasesTable([row('ui', 'v2'), row('ui', 'v1', older)], now)).toBe(
    [
      'SERVICE  VERSION  SOURCE            SIZE    AGE    RUN BY',
      'ui       v2       UNCOMMITTED_COPY  2.3 MB  2 min  -',
      'ui       v1       9708c3ea          2.3 MB  3 d    ui-1, ui-3',
    ].join('\n'),
  );
});

test('old releases may go, but never one that somebody runs', () => {
  const rows = [
    row('ui', 'v4'),
    row('ui', 'v3'),
    row('ui', 'v2', { runBy: ['ui-1'] }),
    row('ui', 'v1'),
    row('users', 'v1'),
  ];
  expect(outdated(rows, 1).map(({ folder }) => folder)).toEqual([
    '/releases/ui/v3',
    '/releases/ui/v1',
  ]);
  expect(outdated(rows, 5)).toEqual([]);
});
