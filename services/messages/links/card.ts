/** The card that a readable link appends to its message. Title and description are a stranger's text, and stay text. Pure. */
import { sanitize } from '../sanitize.ts';
import type { PageHead } from './page-head.ts';

export interface Card extends PageHead {
  readonly url: string;
}

export function withCards(html: string, cards: readonly Card[]): string {
  return sanitize(html + cards.map(cardHtml).join(''));
}

function cardHtml({ url, title, description }: Card): string {
  const link = `<a href="${escapeText(url)}">${escapeText(title || url)}</a>`;
  const text = escapeText(description || 'No description found.');
  return `<blockquote><p>${link}</p><p>${text}</p></blockquote>`;
}

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
