/**
 * The built-in witness: two people who chat through HAProxy while a command works, one writing
 * steadily and one reading as the page does. What they lost is what people lost.
 *
 * recorder.ts starts it before the work where --witness was asked for; it ends when everything that
 * was acknowledged has arrived, or after a bounded wait. They have the same two accounts all the
 * time, chat where everybody can see it, and take back what they said when all is counted.
 */
import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, StepFailure } from '../failure.ts';
import { publicUrl, type Stack, stackOption } from '../stack.ts';
import type { WitnessCounts } from './receipt.ts';
import { signIn, signOut, takeBack } from './witness-account.ts';
import { countsOf, type Post } from './witness-count.ts';
import { startReader } from './witness-reader.ts';
import { startWriter, type Writer } from './witness-writer.ts';

/** A kill is done in a moment, and people notice it in the next. */
const aftermathMs = 2_000;
/** Longer than any healing takes: a beacon comes every second, a reconnect within five. */
const arrivalPatienceMs = 15_000;

export interface Witness {
  /** They are there: now they begin to chat. */
  begin(): void;
  /** Chats on for a moment; resolves when everything acknowledged has arrived, or should have. */
  finish(): Promise<WitnessCounts>;
  /** Takes back what was said: to be called when all is counted. */
  leave(): Promise<void>;
}

export async function startWitness(stack: Stack): Promise<Witness> {
  const url = publicUrl(stack);
  const password = createHmac('sha256', stack.secrets.internalKey).update('witness');
  const secret = password.digest('base64url');
  // A word that no other message contains.
  const word = randomUUID().slice(0, 8);
  try {
    const [writerToken, readerToken] = await Promise.all([
      signIn(url, { nickname: 'witness-writer', password: secret }),
      signIn(url, { nickname: 'witness-reader', password: secret }),
    ]);
    const reader = await startReader(url, readerToken, word);
    let writer: Writer | undefined;
    const said: Post[] = [];
    return {
      begin() {
        writer = startWriter(url, writerToken, word);
      },
      async finish() {
        await wait(aftermathMs);
        const posts = (await writer?.stop()) ?? [];
        const taken = posts.filter(({ id }) => id !== undefined).map(({ text }) => text);
        await reader.untilSeen(taken, arrivalPatienceMs);
        said.push(...posts);
        return countsOf(posts, reader.seen());
      },
      async leave() {
        reader.stop();
        await takeBack(url, writerToken, said);
        await Promise.all([signOut(url, writerToken), signOut(url, readerToken)]);
      },
    };
  } catch (error) {
    const why = `cannot begin to chat: ${messageOf(error)}`;
    throw new StepFailure('witness', why, `mf status${stackOption(stack.name)}`, [], error);
  }
}
