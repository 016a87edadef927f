/**
 * The entry of `mf`, called by scripts/mf: finds the verb, reads its options, ends with its code.
 *
 * 0 done, 1 something of the stack failed, 2 the command was wrong. A new verb is a file beside
 * this one and a line in `verbs`; each is loaded only when it is asked for, to be quick.
 */
import { UsageError } from '../lib/failure.ts';
import { createOutput } from '../lib/output.ts';
import { readWords, type Verb } from './verb.ts';

const verbs: Record<string, () => Promise<Verb>> = {
  up: async () => (await import('./up.ts')).up,
  down: async () => (await import('./down.ts')).down,
  run: async () => (await import('./run.ts')).run,
  kill: async () => (await import('./kill.ts')).kill,
  releases: async () => (await import('./releases.ts')).releases,
  status: async () => (await import('./status.ts')).status,
  url: async () => (await import('./url.ts')).url,
  plan: async () => (await import('./plan.ts')).plan,
  upgrade: async () => (await import('./upgrade.ts')).upgrade,
  traffic: async () => (await import('./traffic.ts')).traffic,
  dev: async () => (await import('./dev.ts')).dev,
  receipts: async () => (await import('./receipts.ts')).receipts,
  logs: async () => (await import('./logs.ts')).logs,
};

async function main([name, ...args]: readonly string[]): Promise<number> {
  try {
    if (name === undefined || ['help', '--help', '-h'].includes(name)) return await listVerbs();
    const load = verbs[name];
    if (!load) throw new UsageError(`there is no verb '${name}'`, 'mf help');
    const verb = await load();
    const words = readWords(name, verb, args);
    if (words.help) {
      process.stdout.write(`usage: ${verb.help}\n`);
      return 0;
    }
    return await verb.run(words);
  } catch (error) {
    return createOutput(args.includes('--json')).fail(error);
  }
}

async function listVerbs(): Promise<number> {
  process.stdout.write('usage: mf VERB [--stack NAME] [--json] [OPTIONS]\n\n');
  for (const [name, load] of Object.entries(verbs)) {
    process.stdout.write(`  ${name.padEnd(8)} ${(await load()).summary}\n`);
  }
  process.stdout.write(
    '\nmf VERB --help tells more. Beside these: `mf preflight` says whether `vagrant up` will work here,\n' +
      'and `mf box` makes a box for a room without internet.\n',
  );
  return 0;
}

// What a stack places on disk is read by its programs' own users, whatever the caller's mask.
process.umask(0o022);
// Whoever read our lines may be gone (`mf up | head`): that is no reason to stop half-way.
process.stdout.on('error', () => undefined);
const code = await main(process.argv.slice(2));
// Nothing may keep a command alive that has said how it ended, such as a part that is still polled.
process.stdout.write('', () => process.exit(code));
