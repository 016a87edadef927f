import { connectEio3 } from '@microflack/common/testing/eio3-client.ts';
import { until } from '@microflack/common/testing/until.ts';
import { expect, it } from 'vitest';
import { decodedOnce, escaped } from './clients-of-2017.ts';
import { serve } from './testing/serve.ts';

const text = 'héllo 😀 漢字';
/** As Socket.IO 1 sends a text over polling: its UTF-8 bytes, each as a letter. */
const encodedTwice = Buffer.from(text).toString('latin1');

it('escapes what is not ASCII, so that JSON says the same', () => {
  const json = JSON.stringify({ text });
  expect(escaped(json)).toMatch(/^[\0-\x7f]+$/);
  expect(JSON.parse(escaped(json))).toEqual({ text });
});

it.each([
  ['plain', 'plain'],
  [encodedTwice, text],
  [text, text],
  ['café, naïve, Ünïcödé', 'café, naïve, Ünïcödé'],
])('takes %j for %j', (received, meant) => {
  expect(decodedOnce(received)).toBe(meant);
});

it('gives letters back to a polling client of Socket.IO 1 as that can read them, and leaves others alone', async () => {
  const { io, url, client } = await serve();
  const heard: unknown[] = [];
  io.on('connection', (socket) => socket.on('say', (said) => heard.push(said)));
  const old = await connectEio3(url);
  await old.emit('say', encodedTwice);
  const modern = client({ transports: ['polling'] });
  modern.emit('say', encodedTwice);
  await until('both were heard', () => heard.length === 2);
  expect(heard.toSorted()).toEqual([text, encodedTwice].toSorted());

  io.emit('said', text);
  await until('the push', async () =>
    (await old.poll())?.some((packet) => packet.includes('said')),
  );
  expect(old.packets.at(-1)).toMatch(/^[\0-\x7f]+$/);
  expect(old.events().at(-1)).toEqual(['said', text]);
});
