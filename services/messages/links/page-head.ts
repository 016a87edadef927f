/**
 * Finds title and description in a page while it arrives, and stops where its head ends: the rest is not even read.
 * Pages come from strangers, and a parser that builds a tree can be kept busy for a minute by half a megabyte of
 * `<div>`; this one keeps no tree and gives up on a head with absurdly many tags.
 */
import { Parser } from 'htmlparser2';

export interface PageHead {
  readonly title: string;
  readonly description: string;
}

const tagsMax = 1_000;
const titleCharactersMax = 200;
const descriptionCharactersMax = 500;
const headTags = new Set([
  'html',
  'head',
  'title',
  'meta',
  'link',
  'base',
  'script',
  'style',
  'noscript',
  'template',
]);

export async function readHead(
  body: AsyncIterable<Uint8Array>,
  { contentType, bytesMax }: { contentType: string; bytesMax: number },
): Promise<PageHead> {
  const scanner = createHeadScanner();
  let decoder: TextDecoder | undefined;
  let bytesLeft = bytesMax;
  for await (const chunk of body) {
    decoder ??= decoderFor(contentType, chunk);
    scanner.write(decoder.decode(chunk.subarray(0, bytesLeft), { stream: true }));
    bytesLeft -= chunk.byteLength;
    if (scanner.done() || bytesLeft <= 0) break;
  }
  return scanner.end();
}

function createHeadScanner() {
  const found = { title: '', metaTitle: '', description: '', metaDescription: '' };
  let tags = 0;
  let inTitle = false;
  let done = false;
  const finish = () => {
    done = true;
    parser.pause(); // the rest of the chunk is not looked at either
  };
  const parser = new Parser({
    onopentag(name, attributes) {
      tags += 1;
      if (!headTags.has(name) || tags > tagsMax) finish();
      else if (name === 'title') inTitle = found.title === '';
      else if (name === 'meta') readMeta(attributes, found);
    },
    ontext(text) {
      if (inTitle && found.title.length < titleCharactersMax) found.title += text;
    },
    onclosetag(name) {
      if (name === 'title') inTitle = false;
      if (name === 'head') finish();
    },
  });
  return {
    write: (text: string) => parser.write(text),
    done: () => done,
    end: (): PageHead => ({
      title: tidy(found.title || found.metaTitle, titleCharactersMax),
      description: tidy(found.description || found.metaDescription, descriptionCharactersMax),
    }),
  };
}

type Found = Record<'title' | 'metaTitle' | 'description' | 'metaDescription', string>;

function readMeta(attributes: Record<string, string>, found: Found): void {
  const name = (attributes.name ?? attributes.property ?? '').toLowerCase();
  const content = attributes.content ?? '';
  if (name === 'description') found.description ||= content;
  if (name === 'og:title') found.metaTitle ||= content;
  if (name === 'og:description') found.metaDescription ||= content;
}

/** What the server says, else what the page says in its first kilobyte, else UTF-8. */
function decoderFor(contentType: string, firstChunk: Uint8Array): TextDecoder {
  const start = Buffer.from(firstChunk.subarray(0, 1_024)).toString('latin1');
  const charset = /charset\s*=\s*["']?([\w-]+)/i;
  const label = charset.exec(contentType)?.[1] ?? charset.exec(start)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(label);
  } catch (error) {
    if (error instanceof RangeError) return new TextDecoder(); // a charset nobody knows: UTF-8 is the best guess
    throw error;
  }
}

function tidy(text: string, charactersMax: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= charactersMax
    ? line
    : `${line.slice(0, charactersMax - 1).toWellFormed()}…`;
}
