/**
 * Who is asking: what a token says, and express middleware for routes that need one or may have
 * one.
 *
 * A service gets its Authenticator from kit.auth() (synced-authenticator.ts makes it) and puts the
 * middleware before its routes; handlers ask userOf(response).
 */
import type { RequestHandler, Response } from 'express';
import { unauthorized } from '../errors.ts';

export interface Claims {
  userId: number;
  /** The chain of renewals that began with one sign-in; revoking ends all of it. */
  session: string;
  jti: string;
  /** Seconds. */
  expiresAt: number;
  /** Seconds; when the password was given. */
  authTime: number;
}

export interface Authenticator {
  /** Rejects with unauthorized(), whatever is wrong with the token. */
  verify(token: string): Promise<Claims>;
  /** For open sockets: called once for each session that is revoked from now on. */
  onRevoked(listener: (session: string) => void): void;
}

const bearerPattern = /^Bearer +(\S+)$/i;

/** Lets a request through with a valid bearer token only. */
export function requireUser(auth: Authenticator): RequestHandler {
  return async (request, response, next) => {
    const token = bearerOf(request.get('authorization'));
    if (!token) throw unauthorized();
    setUser(response, await auth.verify(token));
    next();
  };
}

/**
 * Anonymous is welcome, and so is another scheme; a bearer token that is no good is still a 401.
 */
export function optionalUser(auth: Authenticator): RequestHandler {
  return async (request, response, next) => {
    const token = bearerOf(request.get('authorization'));
    if (token !== undefined) setUser(response, await auth.verify(token));
    next();
  };
}

/** Whose request it is; undefined where nobody asked for it, or it is anonymous. */
export function userOf({ locals }: Response): Claims | undefined {
  return locals.user;
}

function setUser({ locals }: Response, claims: Claims): void {
  locals.user = claims;
}

/** The token; '' for the bearer scheme without one, undefined for anything else. */
export function bearerOf(header: string | undefined): string | undefined {
  if (header === undefined || !/^bearer\b/i.test(header)) return undefined;
  return bearerPattern.exec(header)?.[1] ?? '';
}
