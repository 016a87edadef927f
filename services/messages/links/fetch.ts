/**
 * Reads the title and description of a page that a message links to. Called by the expansion worker only. Every hop is
 * checked by the guard and connects to the address that was checked; the whole of it, redirects included, has one time
 * limit. Reads no more of a page than its head, nothing that is not HTML, and never runs or follows what it finds.
 */
import http from 'node:http';
import https from 'node:https';
import { checkDestination, type Destination, type Guard, LinkRefused } from './guard.ts';
import { type PageHead, readHead } from './page-head.ts';

const totalTimeMs = 3_000;
const redirectsMax = 5;
const pageBytesMax = 512 * 1024;
const headerBytesMax = 16 * 1024;

export async function fetchPageHead(
  address: string,
  guard: Guard,
  signal = AbortSignal.timeout(totalTimeMs),
): Promise<PageHead> {
  let url = parseAddress(address);
  for (let hop = 0; hop <= redirectsMax; hop += 1) {
    const response = await get(await unlessAborted(checkDestination(url, guard), signal), signal);
    try {
      const next = redirectOf(response);
      if (next === undefined) return await readPage(response);
      url = parseAddress(next, url);
    } finally {
      response.destroy();
    }
  }
  throw new LinkRefused(`more than ${redirectsMax} redirects`);
}

function get({ url, address, family }: Destination, signal: AbortSignal) {
  const client = url.protocol === 'https:' ? https : http;
  return new Promise<http.IncomingMessage>((resolve, reject) => {
    const request = client.get(url, {
      agent: false,
      signal,
      maxHeaderSize: headerBytesMax,
      headers: {
        accept: 'text/html',
        'accept-encoding': 'identity',
        'user-agent': 'MicroFlack (link preview)',
      },
      // The name is not looked up again: this is the address that was checked.
      lookup: (_host, options, done) =>
        options.all ? done(null, [{ address, family }]) : done(null, address, family),
    });
    // Stays for an error that comes after the answer, when nobody listens for it here any more.
    request.on('error', reject).once('response', resolve);
  });
}

async function readPage(response: http.IncomingMessage): Promise<PageHead> {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = response.headers;
  if (response.statusCode !== 200) throw new LinkRefused(`status ${response.statusCode}`);
  if (!/^text\/html\s*(?:;|$)/i.test(type)) throw new LinkRefused(`content type ${type}`);
  if (encoding !== 'identity') throw new LinkRefused(`content encoding ${encoding}`);
  return readHead(response, { contentType: type, bytesMax: pageBytesMax });
}

function redirectOf({ statusCode = 0, headers }: http.IncomingMessage): string | undefined {
  return [301, 302, 303, 307, 308].includes(statusCode) ? headers.location : undefined;
}

function parseAddress(address: string, base?: URL): URL {
  const url = URL.parse(address, base?.href);
  if (url === null) throw new LinkRefused('not an address');
  return url;
}

/** Name resolution cannot be cancelled; nobody waits for it after the time is up. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
