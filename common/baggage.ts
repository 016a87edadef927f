/**
 * What the edge says of a request in its `baggage`, which travels on every hop: the person's bucket,
 * and the version that somebody has chosen for their own requests. Strangers cannot say either:
 * HAProxy replaces their baggage by its own (services/lb).
 *
 *     baggage: mf-cohort=42,mf-me=messages:v2
 */
import { bucketCount, type Wish } from './registry/policy.ts';

export function wishFrom(baggage = ''): Wish {
  const entries = baggage.split(',').map((entry) => entry.trim().split('=', 2));
  const said = new Map(entries.map(([name = '', value = '']) => [name, value]));
  const wish: Wish = {};
  const cohort = said.get('mf-cohort') ?? '';
  if (/^\d{1,2}$/.test(cohort) && Number(cohort) < bucketCount) wish.cohort = Number(cohort);
  const [service, version] = (said.get('mf-me') ?? '').split(':', 2);
  if (service && version) wish.me = { service, version };
  return wish;
}
