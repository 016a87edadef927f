/**
 * People's names, for the ids that are counted: asked of the users service and kept for a short
 * while. Where that does not answer in time a name is missing, and the count is shown all the same.
 */
import { userModel } from '@microflack/common/events/models.ts';
import type { ServiceClient } from '@microflack/common/http/client.ts';
import type { Logger } from '@microflack/common/log.ts';

export type Names = (ids: readonly number[]) => Promise<ReadonlyMap<number, string>>;

/** How long somebody who was renamed is called by the old name. */
const keptMs = 10_000;
const keptMax = 1_000;
const timeoutMs = 500;

export function createNames(client: ServiceClient, log: Logger): Names {
  const kept = new Map<number, { nickname: string; untilMs: number }>();

  async function learn(id: number): Promise<void> {
    const path = `/api/users/${id}`;
    const { status, body } = await client.request({
      service: 'users',
      method: 'GET',
      path,
      timeoutMs,
    });
    if (status !== 200) return;
    const { nickname } = userModel.parse(body);
    if (kept.size >= keptMax) kept.clear();
    kept.set(id, { nickname, untilMs: performance.now() + keptMs });
  }

  return async (ids) => {
    const now = performance.now();
    const stale = ids.filter((id) => (kept.get(id)?.untilMs ?? 0) <= now);
    try {
      await Promise.all(stale.map(learn));
    } catch (error) {
      log.warn({ event: 'popularity.unnamed', err: error }, 'people could not be named');
    }
    return new Map([...kept].map(([id, { nickname }]) => [id, nickname]));
  };
}
