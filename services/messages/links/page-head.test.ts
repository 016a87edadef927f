import { describe, expect, test } from 'vitest';
import { readHead } from './page-head.ts';

const bytesMax = 512 * 1024;

/** The page as it comes from the network, in pieces of `pieceBytes`. */
function read(page: string | Uint8Array, { contentType = 'text/html', pieceBytes = 65_536 } = {}) {
  const bytes = Buffer.from(page);
  let piecesTaken = 0;
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      piecesTaken += 1;
      yield bytes.subarray(at, at + pieceBytes);
    }
  }
  return readHead(pieces(), { contentType, bytesMax }).then((head) => ({ ...head, piecesTaken }));
}

describe('the head of a page', () => {
  test('gives title and description as plain text on one line', async () => {
    const page = `<!doctype html><html><head><title> A &amp; B
      &lt;C&gt; </title><meta name="Description" content="one &quot;two&quot;"></head>`;
    expect(await read(page)).toMatchObject({ title: 'A & B <C>', description: 'one "two"' });
  });

  test('prefers its own words to those for social networks, which serve where there are none', async () => {
    const social =
      '<meta property="og:title" content="S"><meta property="og:description" content="D">';
    expect(await read(social)).toMatchObject({ title: 'S', description: 'D' });
    const own = '<title>T</title><meta name="description" content="E">';
    expect(await read(social + own)).toMatchObject({ title: 'T', description: 'E' });
  });

  test('is empty where the page says nothing', async () => {
    expect(await read('just text')).toMatchObject({ title: '', description: '' });
    expect(await read('')).toMatchObject({ title: '', description: '' });
  });

  test('ends where the body begins: a title in there is not the title of the page', async () => {
    expect(await read('<title>T</title><body><svg><title>icon</title></svg>')).toMatchObject({
      title: 'T',
    });
    expect(await read('<div><title>late</title></div>')).toMatchObject({ title: '' });
    expect(await read('<head></head><title>late</title>')).toMatchObject({ title: '' });
  });

  test('is all that is read of the page', async () => {
    const { piecesTaken } = await read(`<head><title>T</title></head>${'x'.repeat(999)}`, {
      pieceBytes: 50,
    });
    expect(piecesTaken).toBe(1);
  });

  test('is not searched beyond the limit', async () => {
    const { title } = await read(`<script>${' '.repeat(bytesMax)}</script><title>T</title>`);
    expect(title).toBe('');
  });

  test('may be cut anywhere, also inside a character', async () => {
    const page = '<title>漢字 😀</title><meta name=description content="é">';
    expect(await read(page, { pieceBytes: 1 })).toMatchObject({
      title: '漢字 😀',
      description: 'é',
    });
  });

  test('is decoded as the server says, else as the page says, else as UTF-8', async () => {
    const latin = Buffer.from('<title>caf\xe9</title>', 'latin1');
    expect(await read(latin, { contentType: 'text/html; charset=ISO-8859-1' })).toMatchObject({
      title: 'café',
    });
    const meta = Buffer.concat([Buffer.from('<meta charset="windows-1252">'), latin]);
    expect(await read(meta)).toMatchObject({ title: 'café' });
    expect(
      await read('<title>é</title>', { contentType: 'text/html; charset=nonsense' }),
    ).toMatchObject({
      title: 'é',
    });
  });

  test('is cut to a sensible length', async () => {
    const { title, description } = await read(
      `<title>${'t'.repeat(9_999)}</title><meta name=description content="${'d'.repeat(9_999)}">`,
    );
    expect(title).toBe(`${'t'.repeat(199)}…`);
    expect(description).toBe(`${'d'.repeat(499)}…`);
  });
});

describe('a hostile page', () => {
  const filled = (piece: string) => piece.repeat(Math.floor(bytesMax / piece.length));
  const pieces = [
    '<',
    '<div>',
    '<head>',
    '<template>',
    '<noscript>',
    '<title>',
    '<script>',
    '<!--',
    '<meta a="',
    '<meta ',
    '</head',
    '<p><a>',
    '&amp;',
    '<meta a=b>',
  ];

  test.each(pieces)('half a megabyte of %j does not keep the process busy', async (piece) => {
    const before = process.cpuUsage();
    await read(filled(piece));
    const { user, system } = process.cpuUsage(before);
    // A parser that builds a tree takes up to a minute for these.
    expect((user + system) / 1_000).toBeLessThan(1_000);
  });
});
