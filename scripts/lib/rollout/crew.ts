/**
 * What an upgrade's steps are in a real stack: instances come and go by deploy.ts, shares by
 * traffic.ts. cli/upgrade.ts makes one; run-upgrade.ts commands it.
 */
import { hostname, userInfo } from 'node:os';
import { addInstance, type InstanceRow, retireInstance } from '../deploy.ts';
import { StepFailure } from '../failure.ts';
import { whileLocked } from '../lock.ts';
import { untilServing } from '../serving.ts';
import { stackOption } from '../stack.ts';
import { type Campaign, lastWords, untilReady } from '../start.ts';
import { policyInForce, readPolicy, removePolicy, writePolicy } from '../traffic.ts';
import { contract } from './contraction.ts';
import { deploymentOf, instancesOf } from './instances.ts';
import { judge } from './judging.ts';
import { prove } from './proving.ts';
import type { Crew } from './run-upgrade.ts';
import type { Seen, Shares, Upgrade } from './state.ts';

export function crewOf(campaign: Campaign, upgrade: Upgrade, withinSeconds: number): Crew {
  const { stack, supervisor, output } = campaign;
  const { service, to } = upgrade;
  const next = `mf upgrade abort ${service}${stackOption(stack.name)}`;
  const title = `${service} ${to}`;

  async function look() {
    const [rows, shares] = await Promise.all([instancesOf(stack, service), sharesNow()]);
    return { seen: rows.map(seenOf), shares };
  }

  async function sharesNow(): Promise<Shares | undefined> {
    const policy = await readPolicy(stack, service);
    return policy && { shares: policy.shares, sticky: policy.sticky };
  }

  async function start(version: string): Promise<void> {
    const deployment = await deploymentOf(stack, service, version);
    const waiting = (holder: string) => output.say(`  waiting for ${holder}`);
    await whileLocked(stack.dir, `mf upgrade of ${service}`, waiting, () =>
      addInstance(campaign, deployment),
    );
  }

  async function serving(program: string): Promise<void> {
    const row = (await instancesOf(stack, service)).find((one) => one.program === program);
    const wanted = { service, program, version: row?.version ?? to };
    const logEnd = await supervisor.logEnd();
    await output.step(program, next, async () => {
      await untilReady(
        campaign,
        program,
        logEnd,
        untilServing(stack, wanted, true, campaign.readyWithinMs),
      );
      return 'serving';
    });
  }

  async function proveIt(program: string, instance: string): Promise<void> {
    await output.step(title, next, async () => {
      const { requests, bad } = await prove(campaign, { service, program, instance });
      return `${program} answers (${requests} requests, ${bad} failed)`;
    });
  }

  async function share(shares: Shares | undefined): Promise<void> {
    await output.step(`traffic of ${service}`, next, async () => {
      const policy = shares && { ...shares, since: new Date().toISOString(), by: somebody() };
      if (policy) await writePolicy(stack, service, policy);
      else await removePolicy(stack, service);
      await policyInForce(stack, service, policy);
      return shares ? tell(shares) : 'every instance alike';
    });
  }

  return {
    ...{ look, start, serving, share },
    judge: (program) => judge(campaign, upgrade, program, withinSeconds),
    prove: proveIt,
    stop: (program) => retireInstance(campaign, program),
    async failureOf(program, why) {
      const logs = `mf logs ${program}${stackOption(stack.name)}`;
      return new StepFailure(program, why, logs, await lastWords(campaign, program));
    },
    contract: async () => contract(campaign, await deploymentOf(stack, service, to)),
  };
}

/** `ada@host` */
export function somebody(): string {
  return `${userInfo().username}@${hostname()}`;
}

function tell({ shares }: Shares): string {
  return shares.map(({ version, percent }) => `${version} ${percent} %`).join(', ');
}

/** One that supervisord is stopping for a command that was killed is as good as dead. */
function seenOf({ program, version, instance, health, pid }: InstanceRow): Seen {
  const isDead = pid === undefined || health === 'stopping';
  const state = isDead ? 'dead' : health === 'healthy' ? 'serving' : 'starting';
  return { program, version, instance, state };
}
