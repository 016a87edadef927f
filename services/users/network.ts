/**
 * The network that an address belongs to, as far as limits are concerned.
 *
 * One IPv4 address, or the /64 that an IPv6 provider gives to a single customer: limits.ts would
 * otherwise count 2^64 addresses of one person one by one.
 */
import ipaddr from 'ipaddr.js';

export function networkOf(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address); // ::ffff:192.0.2.1 is 192.0.2.1
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  const prefix = parsed.parts.slice(0, 4).map((part) => part.toString(16));
  return `${prefix.join(':')}::/64`;
}
