/**
 * Decides whether the link fetcher may go where a link points, before every connection it makes. A name is resolved
 * here, once; the caller connects to the address that was checked and never resolves again, so a name that changes
 * its answer between check and use (DNS rebinding) gains nothing. Refuses everything but public web servers.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface Destination {
  readonly url: URL;
  readonly address: string;
  readonly family: 4 | 6;
}

export interface Guard {
  /** Resolves a host name to all its addresses. */
  resolve(host: string): Promise<readonly string[]>;
  /** `host:port` pairs that may be fetched although they are not public: for tests alone. */
  readonly exempt: ReadonlySet<string>;
}

export class LinkRefused extends Error {
  override readonly name = 'LinkRefused';
}

const ports = new Map([
  ['http:', 80],
  ['https:', 443],
]);
const globalUnicast6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** Public by its number, but answered by the machine's own cloud: Azure's metadata. */
const publicButInternal = new Set(['168.63.129.16']);

export async function checkDestination(url: URL, guard: Guard): Promise<Destination> {
  const standardPort = ports.get(url.protocol);
  if (standardPort === undefined) throw new LinkRefused(`scheme ${url.protocol}`);
  if (url.username !== '' || url.password !== '')
    throw new LinkRefused('credentials in the address');
  const port = url.port === '' ? standardPort : Number(url.port);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const exempt = guard.exempt.has(`${host}:${port}`);
  // The URL parser leaves the port empty where it is the scheme's own: whatever is written out is another.
  if (url.port !== '' && !exempt) throw new LinkRefused(`port ${url.port}`);
  const addresses = isIP(host) ? [host] : await guard.resolve(host);
  const refused = addresses.find((address) => !isPublicAddress(address));
  if (refused !== undefined && !exempt) throw new LinkRefused(`address ${refused}`);
  const [address] = addresses;
  if (address === undefined) throw new LinkRefused('no address');
  return { url, address, family: isIP(address) === 6 ? 6 : 4 };
}

/** One bad address among several is enough to refuse a name: there is no honest reason for such a mix. */
export function isPublicAddress(text: string): boolean {
  if (publicButInternal.has(text) || !ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  if (address.range() !== 'unicast') return false;
  return address instanceof ipaddr.IPv4 || address.match(globalUnicast6);
}
