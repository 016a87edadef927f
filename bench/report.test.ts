import { expect, it } from 'vitest';
import { beside, figure, renderTable } from './report.ts';

it('shows three digits that count', () => {
  expect([0.2712, 9.149, 26, 131.4, 1540.2].map(figure)).toEqual([
    '0.27',
    '9.15',
    '26',
    '131',
    '1,540',
  ]);
});

it('puts figures in columns, with what they are compared with', () => {
  const table = renderTable([
    {
      what: 'posts',
      value: 1_540,
      unit: '/s',
      p50Ms: 9.1,
      p99Ms: 17,
      beside: [beside('bare inserts', 5_600, 1_540)],
    },
    { what: 'memory of all', value: 612, unit: 'MB' },
  ]);
  expect(table.split('\n')).toEqual([
    '                         p50 ms  p99 ms  beside',
    'posts          1,540 /s     9.1      17  0.28× bare inserts (5,600)',
    'memory of all    612 MB',
  ]);
});

it('says below a figure what each of it cost, the most expensive first', () => {
  const cpuMsEach = { redis: 0.1, messages: 0.61, 'ui-1': 0.001 };
  const table = renderTable([{ what: 'posts', value: 9, unit: '/s', cpuMsEach }]);
  expect(table.split('\n').at(-1)).toBe('  CPU ms each: 0.71 = messages 0.61 + redis 0.1');
});
