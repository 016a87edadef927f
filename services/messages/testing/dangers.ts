/**
 * Says what is dangerous in a piece of HTML, as a browser would understand it: parsed by the algorithm of the HTML
 * standard (parse5), and once more after writing it out again, since some attacks only wake up on the second reading.
 * Knows by itself what is harmless, and does not ask the sanitiser that it judges.
 */
import { type DefaultTreeAdapterTypes, parseFragment, serialize } from 'parse5';

type Node = DefaultTreeAdapterTypes.ChildNode;

const allowedProtocols = ['http:', 'https:', 'mailto:'];
const harmless: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    'b blockquote br code del em i li p pre strong ul'.split(' ').map((tag) => [tag, []]),
  ),
  a: ['href', 'rel', 'target'],
  abbr: ['title'],
  acronym: ['title'],
  ol: ['start'],
};

export function dangersIn(html: string): string[] {
  const first = parseFragment(html);
  const second = parseFragment(serialize(first));
  return [...first.childNodes, ...second.childNodes].flatMap(dangersOf);
}

function dangersOf(node: Node): string[] {
  if (node.nodeName === '#text') return [];
  if (!('tagName' in node)) return [`node ${node.nodeName}`];
  const tag = node.tagName in harmless ? [] : [`element ${node.tagName}`];
  const attributes = node.attrs.flatMap(({ name, value }) =>
    attributeDanger(node.tagName, name, value),
  );
  return [...tag, ...attributes, ...node.childNodes.flatMap(dangersOf)];
}

function attributeDanger(tag: string, name: string, value: string): string[] {
  if (!harmless[tag]?.includes(name)) return [`attribute ${name} of ${tag}`];
  if (name === 'rel' && !['', 'nofollow'].includes(value)) return [`rel ${value}`];
  if (name === 'target' && !['', '_blank'].includes(value)) return [`target ${value}`];
  if (name !== 'href') return [];
  // Resolved as a browser would on our page: an address without a scheme of its own would become ours.
  const url = URL.parse(value, 'ours://chat.example/');
  return url && allowedProtocols.includes(url.protocol) ? [] : [`href ${value}`];
}
