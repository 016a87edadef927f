import { expect, test } from 'vitest';
import { dangersIn } from '../testing/dangers.ts';
import { xssVectors } from '../testing/xss-corpus.ts';
import { withCards } from './card.ts';

const url = 'http://a.example/?x=1&y=2';

test('a card has the address, title and description that the wire has promised', () => {
  const html = withCards('<p>x</p>', [{ url: 'http://a.example', title: 'T', description: 'D' }]);
  expect(html).toBe(
    '<p>x</p><blockquote><p><a href="http://a.example">T</a></p><p>D</p></blockquote>',
  );
});

test('a page without title or description shows its address and says so', () => {
  expect(withCards('', [{ url, title: '', description: '' }])).toBe(
    '<blockquote><p><a href="http://a.example/?x=1&amp;y=2">http://a.example/?x=1&amp;y=2</a></p>' +
      '<p>No description found.</p></blockquote>',
  );
});

test('titles and descriptions are text, whatever they say', () => {
  for (const vector of xssVectors) {
    const html = withCards('', [{ url, title: vector, description: vector }]);
    expect(dangersIn(html), vector).toEqual([]);
    expect(html).not.toMatch(/<(?!\/?(?:a|p|blockquote)[ >])/);
  }
  expect(withCards('', [{ url, title: '<b>x</b>', description: '&amp;' }])).toContain(
    '&lt;b&gt;x&lt;/b&gt;</a></p><p>&amp;amp;</p>',
  );
});

test('several cards stand in the order of their links', () => {
  const cards = ['1', '2'].map((title) => ({ url, title, description: '' }));
  expect(withCards('', cards).match(/>\d</g)).toEqual(['>1<', '>2<']);
});
