import { expect, test } from 'vitest';
import { chooseWatched } from './watch.ts';

test('of more services than Consul has connections for, those that are watched already stay', () => {
  const ids = Array.from({ length: 150 }, (_, n) => ({ id: `service-${n}` }));
  const [chosen, left] = chooseWatched(ids, new Map([['service-149', true]]));
  expect(chosen).toHaveLength(100);
  expect(chosen).toContain('service-149');
  expect(left).toHaveLength(50);
});
