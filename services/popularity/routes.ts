/** The popularity service over HTTP: GET /api/popularity, which everybody may ask, as they may ask for messages. */
import { methods, parse } from '@microflack/common/http/server.ts';
import type { IRouter } from 'express';
import { z } from 'zod';
import type { Names } from './names.ts';
import type { PopularityStore } from './store.ts';

export interface RouteTools {
  readonly store: PopularityStore;
  readonly names: Names;
  readonly instance: string;
  readonly version: string;
}

const query = z.object({
  limit: z
    .string()
    .regex(/^\d{1,3}$/, 'expected a whole number')
    .transform(Number)
    .pipe(z.number().min(1).max(50))
    .default(5),
});

export function routes(app: IRouter, { store, names, instance, version }: RouteTools): void {
  methods(app, '/api/popularity', {
    get: async (request, response) => {
      const { limit } = parse(query, request.query, 'the query');
      const askedAt = performance.now();
      const counts = await store.mostActive(limit);
      const query_ms = Math.round((performance.now() - askedAt) * 10) / 10;
      const nicknames = await names(counts.map(({ user_id }) => user_id));
      const people = counts.map(({ user_id, messages }) => {
        return { user_id, nickname: nicknames.get(user_id) ?? null, messages };
      });
      response.setHeader('cache-control', 'no-store');
      response.json({ people, query_ms, instance, version });
    },
  });
}
