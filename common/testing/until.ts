/** Waiting for a condition, in tests: never a sleep and a hope. */
const askEveryMs = 5;
const patienceMs = 10_000;

/**
 * The first result that is neither false nor undefined; rejects, with what was hoped for, when none
 * comes.
 */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = patienceMs,
): Promise<T> {
  const endsAt = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > endsAt) throw new Error(`expected within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, askEveryMs));
  }
}
