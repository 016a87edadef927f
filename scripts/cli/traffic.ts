/**
 * `mf traffic`: what share of a service's requests each of its versions gets, and who decides for
 * themselves. It writes the policy into Consul and waits until HAProxy goes by it.
 */
import { hostname, userInfo } from 'node:os';
import type { Share, TrafficPolicy } from '@microflack/common/registry/policy.ts';
import { UsageError } from '../lib/failure.ts';
import { livingOf } from '../lib/living.ts';
import { meCurl, meLink, notMeLink, sealed } from '../lib/me.ts';
import { createOutput, type Output, table } from '../lib/output.ts';
import { recordReceipt, witnessHelp, witnessOption } from '../lib/receipts/recorder.ts';
import { type Living, refuseUnknown, sharesFrom } from '../lib/shares.ts';
import { loadStack, publicUrl, type Stack, stackOption } from '../lib/stack.ts';
import {
  planOfStack,
  policyInForce,
  readPolicy,
  removePolicy,
  writePolicy,
} from '../lib/traffic.ts';
import { text, type Verb, type Words } from './verb.ts';

const off = 'off';

export const traffic: Verb = {
  summary: 'share the requests of a service among its versions',
  help: `mf traffic SERVICE [VERSION=PERCENT]... [--sticky] [--witness] [--stack NAME] [--json]
       mf traffic SERVICE VERSION
       mf traffic SERVICE off
       mf traffic SERVICE --me VERSION|off

Shows the shares; sets them (they add up to 100); gives all to one version at one moment; or lets
every instance be as good as any other again. It is in force when the command ends.

  --sticky      by person: somebody keeps a version for as long as its share does not shrink
  --me VERSION  changes nothing for others: prints a link and a curl line whose requests go to this
                version of the service, on every hop. They are good for 12 hours
${witnessHelp}`,
  options: {
    sticky: { type: 'boolean', default: false },
    me: { type: 'string' },
    ...witnessOption,
  },
  async run(words) {
    const [service, ...shares] = words.positionals;
    if (service === undefined) throw new UsageError('traffic: of which service?', 'mf status');
    const output = createOutput(words.json);
    const stack = await loadStack(words.stack);
    const me = text(words, 'me');
    if (me === off) return forgetMe(stack, output);
    const living = await livingOf(stack, service);
    if (me !== undefined) return chooseForMe(stack, living, me, output);
    if (shares.length === 0) return show(stack, living, output);
    const wanted =
      shares.length === 1 && shares[0] === off ? undefined : sharesFrom(shares, living);
    return change(stack, living, wanted, words, output);
  },
};

function forgetMe(stack: Stack, output: Output): number {
  const link = notMeLink(publicUrl(stack));
  output.answer({ ok: true, link }, `Open this to be like everybody again: ${link}`);
  return 0;
}

function chooseForMe(stack: Stack, living: Living, version: string, output: Output): number {
  refuseUnknown(version, living);
  const seal = sealed(stack, { service: living.service, version });
  const url = publicUrl(stack);
  const [link, curl] = [meLink(url, seal), meCurl(url, seal)];
  output.answer(
    { ok: true, link, curl, cookie: `mf_me=${seal}` },
    `Open this, and your browser’s requests go to ${version} of ${living.service}:\n\n  ${link}\n\nThe same by hand:\n\n  ${curl}`,
  );
  return 0;
}

async function show(stack: Stack, { service, open, named }: Living, output: Output) {
  const policy = await readPolicy(stack, service);
  const { traffic: remarks } = await planOfStack(stack);
  const versions = [...new Set([...(policy?.shares.map((one) => one.version) ?? []), ...open])];
  const rows = [
    ...versions.map((version) => [version, shareText(policy, version)]),
    ...named.map((version) => [version, 'who names it']),
  ];
  const notes = remarks.filter((line) => line.startsWith(`${service}:`));
  output.answer(
    { ok: true, service, policy: policy ?? null, open, named },
    [table(['VERSION', 'GETS'], rows), ...notes].join('\n\n'),
  );
  return 0;
}

function shareText(policy: TrafficPolicy | undefined, version: string): string {
  if (!policy) return 'as much as its instances';
  const share = policy.shares.find((one) => one.version === version);
  return `${share?.percent ?? 0} %${policy.sticky ? ' of the people' : ''}`;
}

async function change(
  stack: Stack,
  { service }: Living,
  shares: Share[] | undefined,
  { values, positionals }: Words,
  output: Output,
): Promise<number> {
  const by = `${userInfo().username}@${hostname()}`;
  const sticky = values.sticky === true;
  const policy = shares && { shares, sticky, since: new Date().toISOString(), by };
  const command = ['traffic', ...positionals, ...(sticky ? ['--sticky'] : [])].join(' ');
  const about = { command, service, witness: values.witness === true };
  const option = stackOption(stack.name);
  await recordReceipt(stack, output, about, () =>
    output.step(`${service} traffic`, `mf plan${option}`, async () => {
      if (policy) await writePolicy(stack, service, policy);
      else await removePolicy(stack, service);
      await policyInForce(stack, service, policy);
      return policy ? `${positionals.slice(1).join(' ')} in force` : 'no policy any more';
    }),
  );
  output.answer(
    { ok: true, steps: output.done, service, policy: policy ?? null },
    `Next: mf traffic ${service}${option}`,
  );
  return 0;
}
