/** `mf url`: the public URL and nothing else, for scripts and for `open $(mf url)`. */
import { createOutput } from '../lib/output.ts';
import { loadStack, publicUrl } from '../lib/stack.ts';
import { refusePositionals, type Verb } from './verb.ts';

export const url: Verb = {
  summary: 'print the public URL',
  help: `mf url [--stack NAME] [--json]

Prints the URL under which the stack is (or will be) reached, and nothing else.`,
  options: {},
  async run(words) {
    refusePositionals('url', words);
    const address = publicUrl(await loadStack(words.stack));
    createOutput(words.json).answer({ url: address }, address);
    return 0;
  },
};
