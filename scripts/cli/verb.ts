/**
 * What a verb of `mf` is, and how its options are read.
 *
 * A verb is one file that exports one Verb; main.ts lists it. Options are declared by the verb and
 * parsed here, so that an unknown one ends everywhere alike: one line, the next command, exit 2.
 */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { messageOf, UsageError } from '../lib/failure.ts';
import { defaultStack } from '../lib/stack.ts';

export interface Verb {
  /** In a few words, for the list of verbs. */
  summary: string;
  /** The whole help text; its first line is the synopsis. */
  help: string;
  options: ParseArgsOptionsConfig;
  /** Resolves to the exit code. */
  run(words: Words): Promise<number>;
}

/** What was typed after the verb. */
export interface Words {
  stack: string;
  json: boolean;
  values: Readonly<Record<string, string | boolean | undefined>>;
  positionals: readonly string[];
}

/** Every verb has these. */
const common = {
  stack: { type: 'string', default: defaultStack },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const satisfies ParseArgsOptionsConfig;

export function readWords(
  name: string,
  verb: Verb,
  args: readonly string[],
): Words & { help: boolean } {
  try {
    const options: ParseArgsOptionsConfig = { ...verb.options, ...common };
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const simple = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, Array.isArray(value) ? undefined : value]),
    );
    return {
      stack: String(simple.stack),
      json: simple.json === true,
      help: simple.help === true,
      values: simple,
      positionals,
    };
  } catch (error) {
    // Node's own explanation runs on after the first sentence.
    const [sentence = ''] = messageOf(error).split('. ');
    throw new UsageError(`${name}: ${sentence}`, `mf ${name} --help`);
  }
}

/** For verbs that take nothing but options. */
export function refusePositionals(name: string, { positionals }: Words): void {
  if (positionals.length === 0) return;
  throw new UsageError(`${name}: unexpected '${positionals[0]}'`, `mf ${name} --help`);
}

export function text(words: Words, option: string): string | undefined {
  const value = words.values[option];
  return typeof value === 'string' ? value : undefined;
}
