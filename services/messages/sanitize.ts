/**
 * The allow-list that every piece of HTML passes last, whatever made it: tags, attributes and schemes that are not
 * named here do not reach a browser. Pure.
 */
import sanitizeHtml from 'sanitize-html';

const allowedTags = [
  ...['a', 'abbr', 'acronym', 'b', 'code', 'em', 'i', 'strong'], // as ever
  ...['blockquote', 'br', 'del', 'li', 'ol', 'p', 'pre', 'ul'], // on purpose: paragraphs, quotes, lists, code
];

const allowedAttributes: sanitizeHtml.IOptions['allowedAttributes'] = {
  a: ['href', { name: 'rel', values: ['nofollow'] }, { name: 'target', values: ['_blank'] }],
  abbr: ['title'],
  acronym: ['title'],
  ol: ['start'],
};

const options: sanitizeHtml.IOptions = {
  allowedTags,
  allowedAttributes,
  allowedSchemes: ['http', 'https', 'mailto'],
  allowProtocolRelative: false,
};

export function sanitize(html: string): string {
  return sanitizeHtml(html, options);
}
