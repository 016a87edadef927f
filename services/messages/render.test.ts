import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { render } from './render.ts';
import { sanitize } from './sanitize.ts';
import { dangersIn } from './testing/dangers.ts';
import { xssCorpus, xssVectors } from './testing/xss-corpus.ts';

const html = (source: string) => render(source).html;

describe('markdown', () => {
  test.each([
    ['hello', '<p>hello</p>'],
    ['**a** _b_ ~~c~~ `d`', '<p><strong>a</strong> <em>b</em> <del>c</del> <code>d</code></p>'],
    ['one\ntwo', '<p>one<br />\ntwo</p>'],
    ['```js\na < b\n```', '<pre><code>a &lt; b\n</code></pre>'],
    ['> q', '<blockquote>\n<p>q</p>\n</blockquote>'],
    ['3. c\n4. d', '<ol start="3">\n<li>c</li>\n<li>d</li>\n</ol>'],
    ['<b>a</b> <abbr title="x y">b</abbr>', '<p><b>a</b> <abbr title="x y">b</abbr></p>'],
  ])('renders %j', (source, expected) => {
    expect(html(source)).toBe(expected);
  });

  test('shows as typed what is not for a chat line: headings, images, rules, tables, foreign tags', () => {
    expect(html('# x')).toBe('<p># x</p>');
    expect(html('---')).toBe('<p>---</p>');
    expect(html('List<String>')).toBe('<p>List&lt;String&gt;</p>');
    expect(html('![x](y.png)')).toBe('<p>![x](y.png)</p>');
    expect(html('a|b\n-|-\n1|2')).not.toContain('<table');
  });

  test('closes what was left open, so that nothing leaks into the next message', () => {
    expect(html('<b>a')).toBe('<p><b>a</b></p>');
    expect(html('<b>a\n\nb</b>')).toBe('<p><b>a</b></p>\n<p>b</p>');
  });

  test('keeps emoji and CJK as they are', () => {
    expect(html('👩‍👩‍👧 漢字 한글')).toBe('<p>👩‍👩‍👧 漢字 한글</p>');
  });

  test('does not let a reference repeat one long address many times', () => {
    const source = `[a]: http://x.example/${'y'.repeat(8_000)}\n\n${'[a]'.repeat(2_700)}`;
    expect(html(source).length).toBeLessThan(4 * source.length);
  });
});

describe('links', () => {
  const anchor = (href: string, text: string) =>
    `<p><a href="${href}" rel="nofollow" target="_blank">${text}</a></p>`;

  test.each([
    ['http://a.example/x?y=1', anchor('http://a.example/x?y=1', 'http://a.example/x?y=1')],
    ['example.com', anchor('http://example.com', 'example.com')],
    ['www.example.dev', anchor('http://www.example.dev', 'www.example.dev')],
    ['me@example.com', anchor('mailto:me@example.com', 'me@example.com')],
    ['[text](https://a.example)', anchor('https://a.example', 'text')],
    ['例え.jp', anchor('http://xn--r8jz45g.jp', '例え.jp')],
  ])('makes %s clickable, with nofollow', (source, expected) => {
    expect(html(source)).toBe(expected);
  });

  test('lists each web address once, in order, and no mail address', () => {
    const { links } = render('b.com http://a.example b.com me@c.com [x](https://d.example)');
    expect(links).toEqual(['http://b.com', 'http://a.example', 'https://d.example']);
  });

  test('finds none inside code', () => {
    expect(render('`http://a.example`\n\n```\nhttp://b.example\n```').links).toEqual([]);
  });
});

describe('attacks', () => {
  test('the corpus holds at least 150 vectors', () => {
    expect(new Set(xssVectors).size).toBeGreaterThanOrEqual(150);
  });

  test.each(Object.entries(xssCorpus))('%s: nothing comes alive', (_family, vectors) => {
    for (const vector of vectors) {
      expect(dangersIn(html(vector)), vector).toEqual([]);
      expect(dangersIn(html(`**a** ${vector}\n\n> ${vector}\n\n- ${vector}`)), vector).toEqual([]);
      expect(dangersIn(sanitize(vector)), `raw: ${vector}`).toEqual([]);
    }
  });

  test('nothing comes alive from any mix of vectors and markdown', () => {
    const pieces = [
      ...xssVectors,
      '**',
      '`',
      '```\n',
      '[',
      '](',
      ')',
      '<b>',
      '</b>',
      '\n\n',
      '> ',
      '- ',
      '"',
      '\\',
    ];
    const mixed = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(mixed, (parts) => dangersIn(html(parts.join(''))).length === 0),
      { numRuns: 300 },
    );
  });

  test('cleaning what is clean changes nothing', () => {
    const anything = fc
      .array(fc.nat(0xffff), { maxLength: 100 })
      .map((units) => String.fromCharCode(...units).toWellFormed());
    fc.assert(
      fc.property(fc.oneof(anything, fc.string()), (source) => {
        expect(sanitize(html(source))).toBe(html(source));
      }),
      { numRuns: 200 },
    );
  });
});
