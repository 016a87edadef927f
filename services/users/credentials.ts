/**
 * What a nickname and a password may be, and how Basic carries the two.
 *
 * Registration and profile changes parse bodies with these schemas; sign-in reads the header. Both
 * bring a nickname to one form, so that what was registered is what is looked up. Nothing is cut
 * to fit: what does not fit is refused.
 */
import { z } from 'zod';

const nicknameMaxCharacters = 32;
const passwordMinCharacters = 8;
/** bcrypt takes no more than this into account. */
const passwordMaxBytes = 72;

/** Controls and line ends, and the marks that turn the text around a name from right to left. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** People count characters; UTF-16 and UTF-8 count otherwise as soon as there is an emoji. */
const characters = (text: string): number => [...text].length;

const wellFormed = z
  .string()
  .refine((text) => text.isWellFormed(), { error: 'expected whole characters', abort: true });

/** The form in which nicknames are stored and looked up: é is one character, however it was typed. */
const canonical = (nickname: string): string => nickname.trim().normalize('NFC');

const nickname = wellFormed
  .transform(canonical)
  .refine((text) => text !== '' && characters(text) <= nicknameMaxCharacters, {
    error: `expected 1 to ${nicknameMaxCharacters} characters`,
  })
  .refine((text) => text === '' || visible.test(text), { error: 'expected something visible' })
  .refine((text) => !unprintable.test(text), { error: 'expected no control characters' })
  // Basic ends the name at the first colon: whoever had one in it could never sign in.
  .refine((text) => !text.includes(':'), { error: 'expected no colon' });

const password = wellFormed
  .refine((text) => characters(text) >= passwordMinCharacters, {
    error: `expected at least ${passwordMinCharacters} characters`,
  })
  .refine((text) => Buffer.byteLength(text) <= passwordMaxBytes, {
    error: `expected at most ${passwordMaxBytes} bytes`,
  });

/** POST /api/users */
export const newUser = z.strictObject({ nickname, password });

/** PUT /api/users/ID: what is left out stays as it is. */
export const profile = z.strictObject({
  nickname: nickname.optional(),
  password: password.optional(),
});

export type NewUser = z.output<typeof newUser>;
export type Profile = z.output<typeof profile>;

/** Name and password of an Authorization header; undefined for another scheme or anything malformed. */
export function parseBasic(header = ''): NewUser | undefined {
  const encoded = /^basic +([a-z0-9+/]+=*) *$/i.exec(header)?.[1];
  const text = encoded === undefined ? undefined : decodeUtf8(Buffer.from(encoded, 'base64'));
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon < 0) return undefined;
  // The rules hold here too: a password of 73 bytes would match the hash of its first 72.
  return newUser.safeParse({ nickname: text.slice(0, colon), password: text.slice(colon + 1) })
    .data;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
