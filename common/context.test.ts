import { expect, test } from 'vitest';
import {
  assertTimeLeft,
  boundedMs,
  contextFrom,
  headersOf,
  remainingMs,
  runWithContext,
} from './context.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('a trace goes on: same trace, own span, the caller as its parent', () => {
  const context = contextFrom({ traceparent });
  expect(context.traceId).toBe('0af7651916cd43dd8448eb211c80319c');
  expect(context.parentSpanId).toBe('b7ad6b7169203331');
  expect(context.spanId).toMatch(/^[0-9a-f]{16}$/);
  expect(context.spanId).not.toBe(context.parentSpanId);
});

test.each(['nonsense', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, traceparent.toUpperCase()])(
  'a malformed traceparent (%s) begins a new trace',
  (malformed) => {
    const context = contextFrom({ traceparent: malformed });
    expect(context.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(context.parentSpanId).toBeUndefined();
  },
);

test('the deadline is kept as a moment of our own clock', () => {
  expect(contextFrom({ deadlineMs: '250' }, 1_000).deadlineAt).toBe(1_250);
  expect(contextFrom({ deadlineMs: 'soon' }, 1_000).deadlineAt).toBeUndefined();
});

test('the remaining time shrinks, and travels on as a whole duration', () => {
  const context = contextFrom({ traceparent, deadlineMs: '250' }, 1_000);
  runWithContext(context, () => {
    expect(remainingMs(1_100)).toBe(150);
  });
  expect(headersOf(context, 149.7)).toEqual({
    traceparent: `00-${context.traceId}-${context.spanId}-01`,
    'x-deadline-ms': '149',
  });
});

test('the lower deadline wins', () => {
  expect(boundedMs(5_000, 150)).toBe(150);
  expect(boundedMs(100, 150)).toBe(100);
  expect(boundedMs(100, undefined)).toBe(100);
});

test('work whose deadline has passed is not started', () => {
  const late = contextFrom({ deadlineMs: '0' });
  expect(() => runWithContext(late, () => assertTimeLeft('a transaction'))).toThrow(
    expect.objectContaining({ status: 504, code: 'deadline_exceeded' }),
  );
  expect(() => assertTimeLeft('work without a deadline')).not.toThrow();
});

test('baggage is handed on as it came, unless it is too long', () => {
  const context = contextFrom({ baggage: 'cohort=blue' });
  expect(headersOf(context, 1).baggage).toBe('cohort=blue');
  expect(contextFrom({ baggage: 'a'.repeat(9_000) }).baggage).toBeUndefined();
});
