/**
 * A stack's secrets: made once for each stack, kept in DIR/secrets.json, readable by its owner alone.
 *
 * stack.ts calls this when a stack is made and when a service appears that the stack did not know.
 * What a service needs of it reaches the service through its settings file (instance.ts). Nothing
 * here is ever put into an argument list, a log or supervisor's configuration.
 */
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';

const passwordBytes = 24;

const account = z.object({ app: z.string(), migrations: z.string() });

export const secretsSchema = z.object({
  consulManagement: z.string(),
  consulAgent: z.string(),
  consulServices: z.record(z.string(), z.string()),
  mariadbAdmin: z.string(),
  mariadb: z.record(z.string(), account),
  redisAdmin: z.string(),
  redis: z.record(z.string(), z.string()),
  internalKey: z.string(),
  tokenSigningKeys: z.string(),
  haproxyStats: z.string(),
  /** Signs what lets somebody choose a version for their own requests; older stacks have none yet. */
  trafficKey: z.string().default(''),
});

export type Secrets = z.infer<typeof secretsSchema>;

export function newSecrets(services: readonly string[]): Secrets {
  const none: Secrets = {
    consulManagement: randomUUID(),
    consulAgent: randomUUID(),
    consulServices: {},
    mariadbAdmin: password(),
    mariadb: {},
    redisAdmin: password(),
    redis: {},
    internalKey: password(),
    tokenSigningKeys: signingKey(),
    haproxyStats: password(),
    trafficKey: password(),
  };
  return withServices(none, services);
}

/** The same secrets, and new ones for what had none yet. */
export function withServices(secrets: Secrets, services: readonly string[]): Secrets {
  const fresh = <T>(known: Record<string, T>, make: () => T): Record<string, T> =>
    Object.fromEntries([
      ...Object.entries(known),
      ...services.filter((name) => !(name in known)).map((name) => [name, make()] as const),
    ]);
  return {
    ...secrets,
    consulServices: fresh(secrets.consulServices, randomUUID),
    mariadb: fresh(secrets.mariadb, () => ({ app: password(), migrations: password() })),
    redis: fresh(secrets.redis, password),
    trafficKey: secrets.trafficKey || password(),
  };
}

/** URL-safe, so that it can stand in `redis://…` and `mysql://…` as it is. */
function password(): string {
  return randomBytes(passwordBytes).toString('base64url');
}

/** A base64 PKCS8 DER P-256 key, as the tokens service takes it. */
function signingKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
}
