/**
 * What a service's traffic policy comes to at this moment, in words: for `mf plan`, `mf traffic` and
 * `mf status`. Pure.
 */
import { policyKey, sharing } from '@microflack/common/registry/policy.ts';
import type { Service } from './model.ts';

/** Nothing where every instance is as good as any other. */
export function trafficLines({ name, servers, policy, slots }: Service): string[] {
  const slotted = slots.flatMap((group, at) => (group ? [`slot ${at + 1} ${group}`] : []));
  if (!policy) return slotted.length > 0 ? [`${name}: no policy; ${slotted.join(', ')}`] : [];
  const words = policy.shares.map(({ version, percent }) => `${version} ${percent} %`).join(', ');
  const how = policy.sticky ? 'by person' : 'by request';
  const origin = `Consul ${policyKey(name)}, since ${policy.since} by ${policy.by}`;
  const live = new Set(
    servers.flatMap(({ version, weight, audience }) =>
      weight > 0 && audience === 'everybody' ? [version] : [],
    ),
  );
  const missing = sharing(policy).filter(({ version }) => !live.has(version));
  const all = missing.length === sharing(policy).length;
  return [
    `${name}: ${words}, ${how}; ${slotted.join(', ')} · from ${origin}`,
    ...(all ? [`${name}: no version with a share lives, so all serve`] : []),
    ...(all ? [] : missing.map(({ version }) => `${name}: ${version} does not live, others serve`)),
  ];
}
