/**
 * Consul's access rules: a token for the agent and one for each service, which lets it register
 * itself, see who else is there, and read the traffic policy; nothing more.
 *
 * `mf up` calls this every time. The tokens' secrets are the stack's own, made before Consul ever
 * ran, so they come back the same after Consul's data was lost: for that the requests are left beside
 * its data (parts/start-consul.sh). Rules and tokens that differ from what is wanted are corrected;
 * what others made is left alone.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { accountsFile } from '../parts/consul.ts';
import { place } from '../place.ts';
import type { Stack } from '../stack.ts';

const timeoutMs = 5000;

const policies = z.array(z.object({ ID: z.string(), Name: z.string() }));
const policy = z.object({ Rules: z.string() });
const tokens = z.array(z.object({ AccessorID: z.string(), Description: z.string() }));

interface Access {
  name: string;
  secret: string;
  rules: string;
}

type Api = (method: string, path: string, body?: unknown) => Promise<unknown>;

export async function ensureConsulAcl(stack: Stack, services: readonly string[]): Promise<void> {
  const api = consulApi(stack);
  const wanted = accesses(stack, services);
  const known = policies.parse(await api('GET', '/v1/acl/policies'));
  for (const access of wanted) {
    await ensurePolicy(api, access, known.find(({ Name }) => Name === access.name)?.ID);
  }
  const present = tokens.parse(await api('GET', '/v1/acl/tokens'));
  for (const access of wanted) await ensureToken(api, access, present);
  // The agent was refused while its token was unknown: it tries again at once instead of in a minute.
  await api('PUT', ...agentToken(stack));
  const everybody = accesses(stack, Object.keys(stack.secrets.consulServices));
  const requests = accountsFile(stack, requestsText(stack, everybody));
  await place({ folders: [], files: [requests] }, stack.asRoot);
}

export function serviceRules(service: string): string {
  return `service "${service}" { policy = "write" }
service_prefix "" { policy = "read" }
node_prefix "" { policy = "read" }
key_prefix "microflack/" { policy = "read" }
`;
}

export function agentRules(node: string): string {
  return `node "${node}" { policy = "write" }
service_prefix "" { policy = "read" }
`;
}

function accesses({ name, secrets }: Stack, services: readonly string[]): Access[] {
  const agent = { name: 'agent', secret: secrets.consulAgent, rules: agentRules(`stack-${name}`) };
  const each = services.map((service) => {
    const secret = secrets.consulServices[service];
    if (secret === undefined) throw new Error(`the stack has no Consul token for ${service}`);
    return { name: `service-${service}`, secret, rules: serviceRules(service) };
  });
  return [agent, ...each];
}

async function ensurePolicy(api: Api, { name, rules }: Access, id?: string): Promise<void> {
  if (id === undefined) await api('PUT', ...newPolicy(name, rules));
  else if (policy.parse(await api('GET', `/v1/acl/policy/${id}`)).Rules !== rules) {
    await api('PUT', `/v1/acl/policy/${id}`, { ID: id, Name: name, Rules: rules });
  }
}

async function ensureToken(
  api: Api,
  { name, secret }: Access,
  present: z.infer<typeof tokens>,
): Promise<void> {
  const accessor = accessorOf(secret);
  const namesakes = present.filter(({ Description }) => Description === name);
  if (!namesakes.some(({ AccessorID }) => AccessorID === accessor)) {
    await api('PUT', ...newToken(name, secret));
  }
  for (const { AccessorID } of namesakes) {
    if (AccessorID !== accessor) await api('DELETE', `/v1/acl/token/${AccessorID}`);
  }
}

type Request = [path: string, body: object];

const newPolicy = (name: string, rules: string): Request => [
  '/v1/acl/policy',
  { Name: name, Rules: rules },
];

const newToken = (name: string, secret: string): Request => [
  '/v1/acl/token',
  {
    ...{ AccessorID: accessorOf(secret), SecretID: secret, Description: name },
    Policies: [{ Name: name }],
  },
];

const agentToken = ({ secrets }: Stack): Request => [
  '/v1/agent/token/agent',
  { Token: secrets.consulAgent },
];

/** The same for a Consul that knows nothing, in curl's words. The first asks whether it takes requests at all. */
function requestsText(stack: Stack, wanted: readonly Access[]): string {
  const { ports, secrets } = stack;
  const about = (path: string) => `url = "http://127.0.0.1:${ports.consulHttp}${path}"
header = "X-Consul-Token: ${secrets.consulManagement}"
max-time = ${timeoutMs / 1_000}
output = "/dev/null"
silent
`;
  const requests: Request[] = [
    ...wanted.map(({ name, rules }) => newPolicy(name, rules)),
    ...wanted.map(({ name, secret }) => newToken(name, secret)),
    agentToken(stack),
  ];
  // Within double quotes curl knows the escapes of JSON.
  const puts = requests.map(
    ([path, body]) =>
      `${about(path)}request = "PUT"\ndata = ${JSON.stringify(JSON.stringify(body))}\n`,
  );
  return [`${about('/v1/acl/token/self')}fail\n`, ...puts].join('next\n');
}

/** Tells tokens apart by their secrets without showing them: the secret's hash, in a UUID's form. */
function accessorOf(secret: string): string {
  const hash = createHash('sha256').update(secret).digest('hex');
  return hash.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function consulApi({ ports, secrets }: Stack): Api {
  return async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${ports.consulHttp}${path}`, {
      method,
      headers: { 'x-consul-token': secrets.consulManagement },
      signal: AbortSignal.timeout(timeoutMs),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
}
