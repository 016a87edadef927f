import { describe, expect, it } from 'vitest';
import { clientAddress, createAdmission, originAllowed } from './admission.ts';

const limits = { socketsInAll: 3, socketsPerAddress: 2, socketOrigins: [] };

describe('admission', () => {
  it.each([
    ['a page of this site', 'http://chat.example:8080', true],
    ['a program without Origin', undefined, true],
    ['an origin of the list', 'https://friend.example', true],
    ['a page of another site', 'https://evil.example', false],
    ['another port', 'http://chat.example:9999', false],
    ['a sandboxed page', 'null', false],
    ['an origin of the list with more behind it', 'https://friend.example.evil.example', false],
  ])('decides on %s', (_who, origin, allowed) => {
    expect(originAllowed(origin, 'Chat.example:8080', ['https://friend.example'])).toBe(allowed);
  });

  it('limits the sockets of an address, and lets the next in when one has gone', () => {
    const admission = createAdmission(limits);
    admission.opened('a');
    admission.opened('a');
    expect(admission.refusal({}, 'a')).toMatch('from this address');
    expect(admission.refusal({}, 'b')).toBeUndefined();
    admission.closed('a');
    expect(admission.refusal({}, 'a')).toBeUndefined();
  });

  it('limits the sockets in all', () => {
    const admission = createAdmission(limits);
    for (const address of ['a', 'b', 'c']) admission.opened(address);
    expect(admission.refusal({}, 'd')).toBe('too many sockets');
  });

  it('believes the address that the balancer appended, not what a stranger wrote before it', () => {
    const headers = { 'x-forwarded-for': '1.2.3.4, 203.0.113.7' };
    expect(clientAddress(headers, '127.0.0.1')).toBe('203.0.113.7');
    expect(clientAddress({}, '127.0.0.1')).toBe('127.0.0.1');
  });
});
