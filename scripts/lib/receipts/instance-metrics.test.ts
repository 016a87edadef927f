import { expect, test } from 'vitest';
import { parseMetrics, quantileMs, since, together } from './instance-metrics.ts';

/** What an instance tells after so many quick answers, slow ones and failures. */
function text(quick: number, slow: number, failed: number): string {
  const series = (labels: string, a: number, b: number) => [
    `http_server_seconds_bucket{le="0.01",${labels}} ${a}`,
    `http_server_seconds_bucket{le="0.1",${labels}} ${a + b}`,
    `http_server_seconds_bucket{le="+Inf",${labels}} ${a + b}`,
    `http_server_seconds_sum{${labels}} 1.5`,
    `http_server_seconds_count{${labels}} ${a + b}`,
  ];
  return [
    '# TYPE http_server_seconds histogram',
    ...series('method="GET",route="/api/a",status="200"', quick, 0),
    ...series('method="GET",route="/api/{b}",status="200"', 0, slow),
    ...series('method="POST",route="/api/a",status="503"', failed, 0),
    'socketio_sockets 7',
    'process_cpu_seconds_total 3.5e-2',
  ].join('\n');
}

test('all routes are counted together, and 5xx are errors', () => {
  expect(parseMetrics(text(90, 8, 2))).toEqual({
    requests: 100,
    errors: 2,
    latency: { boundsSeconds: [0.01, 0.1], counts: [92, 8, 0] },
    sockets: 7,
  });
});

test('an instance that has answered nothing yet has counted nothing', () => {
  const { requests, latency } = parseMetrics('# nothing yet\n');
  expect({ requests, latency }).toEqual({
    requests: 0,
    latency: { boundsSeconds: [], counts: [] },
  });
});

test('what came in between is the difference, and everything where the instance is new', () => {
  const before = parseMetrics(text(10, 0, 0));
  expect(since(before, parseMetrics(text(30, 5, 1)))).toMatchObject({ requests: 26, errors: 1 });
  expect(since(parseMetrics(text(50, 0, 0)), before)).toMatchObject({ requests: 10 });
});

test('instances are added up, also with one that has answered nothing', () => {
  const all = [parseMetrics(''), parseMetrics(text(10, 2, 0)), parseMetrics(text(5, 0, 1))];
  expect(together(all)).toMatchObject({ requests: 18, errors: 1, latency: { counts: [16, 2, 0] } });
});

test('a quantile lies within its bucket, and at the last bound beyond it', () => {
  const { latency } = parseMetrics(text(50, 50, 0));
  expect(quantileMs(latency, 0.25)).toBeCloseTo(5);
  expect(quantileMs(latency, 0.75)).toBeCloseTo(55);
  expect(quantileMs({ boundsSeconds: [0.01, 0.1], counts: [0, 0, 9] }, 0.99)).toBeCloseTo(100);
  expect(quantileMs({ boundsSeconds: [], counts: [] }, 0.5)).toBeUndefined();
});
