import { expect, test } from 'vitest';
import { parseServersUp } from './serving.ts';

test('a server is up when HAProxy says so, whatever its checks say beside it', () => {
  const csv = `# pxname,svname,qcur,status,weight,
be_messages,messages-1-aaaaaaaa,0,UP,1,
be_messages,messages-2-bbbbbbbb,0,UP 1/2,1,
be_messages,messages-3-cccccccc,0,DRAIN,1,
be_messages,messages-4-dddddddd,0,MAINT,1,
be_messages,messages-5-eeeeeeee,0,DOWN,1,
be_messages,BACKEND,0,UP,2,

`;
  expect([...parseServersUp(csv)]).toEqual([
    'messages-1-aaaaaaaa',
    'messages-2-bbbbbbbb',
    'BACKEND',
  ]);
});

test('an answer without servers has none', () => {
  expect(parseServersUp('').size).toBe(0);
});
