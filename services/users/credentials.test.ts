import { describe, expect, it } from 'vitest';
import { newUser, parseBasic, profile } from './credentials.ts';

const password = 'correct horse';
const refused = (value: unknown): boolean => !newUser.safeParse(value).success;
const nickname = (text: string): string | undefined =>
  newUser.safeParse({ nickname: text, password }).data?.nickname;
const basic = (text: string | Uint8Array): string =>
  `Basic ${Buffer.from(typeof text === 'string' ? Buffer.from(text) : text).toString('base64')}`;

describe('a nickname', () => {
  it('is trimmed, and kept as it is otherwise', () => {
    expect(nickname('  Ada Lovelace\u3000')).toBe('Ada Lovelace');
  });

  it('may be emoji and CJK, and is counted in characters', () => {
    expect(nickname('👩‍💻 林')).toBe('👩‍💻 林');
    expect(nickname('🍣'.repeat(32))).toBe('🍣'.repeat(32));
    expect(nickname('🍣'.repeat(33))).toBeUndefined();
  });

  it('has one form, however its accents were typed', () => {
    expect(nickname('Ame\u0301lie')).toBe('Am\u00e9lie');
  });

  it.each([
    ['empty', ''],
    ['blank', ' \t\u2003'],
    ['invisible', '\u200b\u200d'],
    ['too long', 'x'.repeat(33)],
    ['with a line end', 'ada\nlovelace'],
    ['with NUL', 'ada\u0000'],
    ['that turns the text around it', 'ada\u202eecalevol'],
    ['with half a character', 'ada\ud83d'],
    ['with a colon, which Basic could not carry', 'ada:lovelace'],
  ])('is refused when %s', (_, text) => {
    expect(nickname(text)).toBeUndefined();
  });
});

describe('a password', () => {
  it('has 8 characters at least and 72 bytes at most, and is not cut', () => {
    const fits = (text: string) => !refused({ nickname: 'ada', password: text });
    expect(fits('1234567')).toBe(false);
    expect(fits('12345678')).toBe(true);
    expect(fits('x'.repeat(72))).toBe(true);
    expect(fits('x'.repeat(73))).toBe(false);
    expect(fits('🍣'.repeat(18))).toBe(true);
    expect(fits(`${'🍣'.repeat(18)}x`)).toBe(false);
  });

  it('keeps its spaces', () => {
    const spaced = '  12345678  ';
    expect(newUser.parse({ nickname: 'ada', password: spaced }).password).toBe(spaced);
  });
});

describe('a body', () => {
  it.each([
    [null],
    [[]],
    [{}],
    [{ nickname: 'ada' }],
    [{ password }],
    [{ nickname: 'ada', password: 12345678 }],
    [{ nickname: 1, password }],
    [{ nickname: null, password }],
    [{ nickname: 'ada', password: null }],
    [{ nickname: 'ada', password, id: 1 }],
    [{ nickname: 'ada', password, online: true }],
  ])('is refused: %j', (value) => {
    expect(refused(value)).toBe(true);
  });

  it('of a profile may leave everything out, and still has no other fields', () => {
    expect(profile.parse({})).toEqual({});
    expect(profile.safeParse({ password_hash: 'x' }).success).toBe(false);
  });
});

describe('Basic', () => {
  it('is read as UTF-8, and ends the name at the first colon', () => {
    expect(parseBasic(basic('Zoë 🍣:pass:word:'))).toEqual({
      nickname: 'Zoë 🍣',
      password: 'pass:word:',
    });
    expect(parseBasic(basic('ada:correct horse').replace('Basic', 'bAsIc'))).toBeDefined();
  });

  it.each([
    ['nothing', undefined],
    ['another scheme', 'Bearer abc'],
    ['no value', 'Basic '],
    ['no colon', basic('ada')],
    ['no name', basic(':correct horse')],
    ['no password', basic('ada:')],
    ['not UTF-8', basic(Uint8Array.of(0xff, 0x3a, ...Buffer.from(password)))],
    ['not base64', 'Basic ä:ö'],
    ['a password of 73 bytes', basic(`ada:${'x'.repeat(73)}`)],
  ])('does not come out of %s', (_, header) => {
    expect(parseBasic(header)).toBeUndefined();
  });
});
