/**
 * What lets somebody choose a version for their own requests: a cookie that says which, until when,
 * and that it was made here. HAProxy verifies it (services/lb/traffic-rules.ts). Pure.
 */
import { createHmac } from 'node:crypto';
import { mePath } from '../../services/lb/traffic-rules.ts';
import type { Stack } from './stack.ts';

const validForMs = 12 * 60 * 60 * 1_000;

export interface Chosen {
  service: string;
  version: string;
}

/** `SERVICE:VERSION~EXPIRY~SEAL`: the value of the cookie mf_me. */
export function sealed(
  { secrets }: Pick<Stack, 'secrets'>,
  { service, version }: Chosen,
  forMs = validForMs,
): string {
  const said = `${service}:${version}~${Math.floor((Date.now() + forMs) / 1_000)}`;
  return `${said}~${createHmac('sha256', secrets.trafficKey).update(said).digest('hex')}`;
}

/** For a browser: it gets the cookie, and the page. `url` is the stack's public one, as it is reached from there. */
export function meLink(url: string, seal: string): string {
  return `${url}${mePath}?t=${encodeURIComponent(seal)}`;
}

/** For a browser that has the cookie, and is to be like everybody again. */
export const notMeLink = (url: string): string => `${url}${mePath}?off`;

export const meCurl = (url: string, seal: string, route = '/'): string =>
  `curl --cookie 'mf_me=${seal}' ${url}${route}`;
