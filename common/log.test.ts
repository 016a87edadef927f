import { expect, test } from 'vitest';
import { contextFrom, runWithContext } from './context.ts';
import { recordingLog } from './testing/log.ts';

test('a line tells who wrote it and which request it belongs to', () => {
  const { log, lines } = recordingLog();
  const context = contextFrom({});
  runWithContext(context, () => log.info({ event: 'post.stored', id: 7 }, 'stored'));
  expect(lines).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      service: 'test',
      version: 'test',
      instance: 'test-1',
      trace: context.traceId,
      span: context.spanId,
      event: 'post.stored',
      id: 7,
      msg: 'stored',
    },
  ]);
});

test('tokens and passwords do not get into the log, even where somebody logs them', () => {
  const { log, lines } = recordingLog();
  log.info({ token: 'eyJ', user: { password: 'hunter2' }, headers: { authorization: 'x9' } }, 'no');
  expect(JSON.stringify(lines)).not.toMatch(/eyJ|hunter2|x9/);
});
