/**
 * Who may open a socket: pages of this site, programs that are not browsers, and not too many of them.
 * server.ts asks before the handshake and counts what opened. It knows nothing of tokens: a stranger
 * may listen to what everybody may read.
 */
import type { IncomingHttpHeaders } from 'node:http';

export interface AdmissionLimits {
  socketsInAll: number;
  socketsPerAddress: number;
  /** Further origins than the page's own, as in `https://chat.example`. */
  socketOrigins: readonly string[];
}

export interface Admission {
  /** Why not, or undefined where the door is open. */
  refusal(headers: IncomingHttpHeaders, address: string): string | undefined;
  opened(address: string): void;
  closed(address: string): void;
}

export function createAdmission(limits: AdmissionLimits): Admission {
  const openAt = new Map<string, number>();
  let open = 0;

  return {
    refusal(headers, address) {
      if (!originAllowed(headers.origin, headers.host, limits.socketOrigins))
        return 'origin not allowed';
      if (open >= limits.socketsInAll) return 'too many sockets';
      if ((openAt.get(address) ?? 0) >= limits.socketsPerAddress) {
        return 'too many sockets from this address';
      }
      return undefined;
    },
    opened(address) {
      open += 1;
      openAt.set(address, (openAt.get(address) ?? 0) + 1);
    },
    closed(address) {
      open -= 1;
      const left = (openAt.get(address) ?? 0) - 1;
      if (left > 0) openAt.set(address, left);
      else openAt.delete(address);
    },
  };
}

/** Only browsers send an Origin, and they always do: what has none cannot be a page of another site. */
export function originAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined || allowed.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}

/** HAProxy appends the address it saw, so the last one is the one that nobody could make up. */
export function clientAddress(headers: IncomingHttpHeaders, peer: string | undefined): string {
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',');
  return forwarded.split(',').at(-1)?.trim() || peer || 'unknown';
}
