/**
 * POST /api/tokens: a token for whoever gives a name and a password.
 *
 * The users service knows passwords and counts failures; it is asked with the header as it came, and
 * with the client's address, which it would otherwise take to be ours.
 */
import {
  ServiceError,
  tooManyRequests,
  unauthorized,
  unavailable,
} from '@microflack/common/errors.ts';
import type { ServiceClient, ServiceResponse } from '@microflack/common/http/client.ts';
import { z } from 'zod';
import { newSession } from './claims.ts';
import type { Signer } from './signer.ts';

export interface SignIn {
  /** The Authorization header, scheme and all. */
  authorization: string | undefined;
  address: string | undefined;
}

export interface IssueTools {
  client: ServiceClient;
  signer: Signer;
  signInTimeoutMs: number;
}

const person = z.object({ id: z.number().int().positive() });

export async function issueToken(tools: IssueTools, signIn: SignIn): Promise<string> {
  if (!/^basic /i.test(signIn.authorization ?? '')) throw unauthorized();
  const { id } = personFrom(await askUsers(tools, signIn));
  return tools.signer.sign(newSession(id, Math.floor(Date.now() / 1000)));
}

async function askUsers(
  { client, signInTimeoutMs }: IssueTools,
  { authorization = '', address }: SignIn,
): Promise<ServiceResponse> {
  try {
    return await client.request({
      service: 'users',
      method: 'GET',
      path: '/api/users/me',
      headers: { authorization, ...(address ? { 'x-forwarded-for': address } : {}) },
      timeoutMs: signInTimeoutMs,
    });
  } catch (error) {
    // Whether it is slow, frozen or gone: to whoever signs in it is one thing.
    if (error instanceof ServiceError) throw usersAway(error);
    throw error;
  }
}

function personFrom({ status, headers, body }: ServiceResponse): z.output<typeof person> {
  if (status === 401) throw unauthorized();
  if (status === 429) {
    throw tooManyRequests(
      Number(headers['retry-after']) || 1,
      'too many attempts; try again later',
    );
  }
  if (status !== 200) throw usersAway(`answered ${status}`);
  const result = person.safeParse(body);
  if (!result.success) throw usersAway(result.error);
  return result.data;
}

const usersAway = (cause: unknown): ServiceError =>
  unavailable('users_unavailable', 'passwords cannot be checked for now', cause);
