import type { RequestListener } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { htmlPage, type PageServer, servePages } from '../testing/local-server.ts';
import { fetchPageHead } from './fetch.ts';
import { LinkRefused } from './guard.ts';

const scope = { onTestFinished };
const title = htmlPage('T', 'D');

/** A web server on this machine, which a guard lets the fetcher read, also under a name. */
async function build(listener: RequestListener) {
  const server = await servePages(scope, listener);
  const resolved: string[] = [];
  const guard = {
    // The name server of an attacker: it gives the address that is to be checked once, and another ever after.
    resolve: async (host: string) => [resolved.push(host) === 1 ? '127.0.0.1' : '127.0.0.66'],
    exempt: new Set([server.place, `named.example:${server.port}`]),
  };
  const read = (address: string, signal?: AbortSignal) => fetchPageHead(address, guard, signal);
  return { ...server, resolved, read };
}

/** A server that redirects /1 to /2 and so on, up to a page at /LAST. */
const redirectsUpTo = (last: number): RequestListener => {
  return (request, response) => {
    const step = Number(request.url?.slice(1));
    if (step === last) title(request, response);
    else response.writeHead(302, { location: `/${step + 1}` }).end();
  };
};

const answer = (status: number, headers: Record<string, string>, body = ''): RequestListener => {
  return (_request, response) => response.writeHead(status, headers).end(body);
};

test('reads title and description of a page', async () => {
  const { url, read } = await build(title);
  expect(await read(url)).toEqual({ title: 'T', description: 'D' });
});

test('resolves a name once, and connects to the address that was checked', async () => {
  const { port, read, resolved, requests } = await build(title);
  await read(`http://named.example:${port}/x`);
  expect(resolved).toEqual(['named.example']);
  expect(requests).toEqual(['/x']);
});

test('follows five redirects and not six', async () => {
  const five = await build(redirectsUpTo(6));
  expect(await five.read(`${five.url}/1`)).toMatchObject({ title: 'T' });
  const six = await build(redirectsUpTo(7));
  await expect(six.read(`${six.url}/1`)).rejects.toThrow(LinkRefused);
  expect(six.requests).toHaveLength(6);
});

test('checks every redirect: what is inside is not asked for', async () => {
  const inside = await servePages(scope, title);
  const inward = (target: (inside: PageServer) => string) =>
    build(answer(302, { location: target(inside) }));
  const targets = [
    () => inside.url,
    () => `http://localhost:${inside.port}/`,
    () => `http://[::ffff:127.0.0.1]:${inside.port}/`,
    () => `//127.0.0.1:${inside.port}/`,
    () => 'http://169.254.169.254/latest/meta-data/',
    () => 'file:///etc/passwd',
    () => 'http://',
  ];
  for (const target of targets) {
    const { url, read } = await inward(target);
    await expect(read(url), target()).rejects.toThrow(LinkRefused);
  }
  expect(inside.requests).toEqual([]);
});

test('resolves and checks a name again when a redirect leads back to it', async () => {
  const { port, read, resolved } = await build(answer(302, { location: 'http://named.example/x' }));
  await expect(read(`http://named.example:${port}/`)).rejects.toThrow('127.0.0.66');
  expect(resolved).toEqual(['named.example', 'named.example']);
});

test.each([
  ['another type', answer(200, { 'content-type': 'application/json' }, '<title>T</title>')],
  ['no type', answer(200, {}, '<title>T</title>')],
  ['a type that only begins like HTML', answer(200, { 'content-type': 'text/htmlx' }, 'x')],
  ['a compressed page', answer(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' })],
  ['an error', answer(404, { 'content-type': 'text/html' }, '<title>T</title>')],
])('refuses %s', async (_what, listener) => {
  const { url, read } = await build(listener);
  await expect(read(url)).rejects.toThrow(LinkRefused);
});

test('takes no more than half a megabyte of a page that does not end', async () => {
  let sentBytes = 0;
  const { url, read } = await build((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.write('<title>T</title><script>');
    const piece = Buffer.alloc(64 * 1_024, 'x');
    const more = () => {
      if (response.destroyed) return;
      sentBytes += piece.length;
      response.write(piece, more);
    };
    more();
  });
  expect(await read(url)).toMatchObject({ title: 'T' });
  // What lies in the buffers of two sockets comes on top.
  expect(sentBytes).toBeLessThan(16 * 1_024 * 1_024);
});

test('gives up when the time is over, whether the page hangs or drips', async () => {
  const silent = await build(() => {});
  await expect(silent.read(silent.url, AbortSignal.timeout(50))).rejects.toThrow('aborted');
  const dripping = await build((_request, response) => {
    response.setHeader('content-type', 'text/html');
    const timer = setInterval(() => response.write(' '), 5);
    response.once('close', () => clearInterval(timer));
  });
  await expect(dripping.read(dripping.url, AbortSignal.timeout(50))).rejects.toThrow('aborted');
});

test('gives up when the name server hangs', async () => {
  const guard = { resolve: () => new Promise<never>(() => {}), exempt: new Set<string>() };
  const reading = fetchPageHead('http://slow.example/', guard, AbortSignal.timeout(50));
  await expect(reading).rejects.toThrow('timeout');
});

test('says who it is and hands on nothing else', async () => {
  let headers: Record<string, unknown> = {};
  const { url, read } = await build((request, response) => {
    headers = request.headers;
    title(request, response);
  });
  await read(url);
  expect(Object.keys(headers).sort()).toEqual([
    'accept',
    'accept-encoding',
    'connection',
    'host',
    'user-agent',
  ]);
});
