import { expect, it } from 'vitest';
import { createSweepGate } from './sweep-gate.ts';

const leaseMs = 15_000;

function build() {
  const clock = { wall: 1_000_000, uptime: 50 };
  const clocks = { wallMs: () => clock.wall, uptimeMs: () => clock.uptime };
  const maySweep = createSweepGate(leaseMs, clocks);
  const pass = (ms: number) => {
    clock.wall += ms;
    clock.uptime += ms;
  };
  return { clock, maySweep, pass };
}

it('leases end as time passes, however long nobody looks', () => {
  const { maySweep, pass } = build();
  expect(maySweep()).toBe(true);
  pass(3_600_000);
  expect(maySweep()).toBe(true);
});

it.each([
  ['has slept for an hour', 3_600_000],
  ['was ahead by an hour and is put right', -3_600_000],
])('when the clock %s, every holder gets a lease’s time to report', (_, leap) => {
  const { clock, maySweep, pass } = build();
  clock.wall += leap;
  expect(maySweep()).toBe(false);
  pass(leaseMs - 1);
  expect(maySweep()).toBe(false);
  pass(1);
  expect(maySweep()).toBe(true);
});

it('a clock that is put right by a little changes nothing', () => {
  const { clock, maySweep } = build();
  clock.wall += 900;
  expect(maySweep()).toBe(true);
});
