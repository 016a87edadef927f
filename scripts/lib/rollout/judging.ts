/** Compares a canary with the release that it is to replace, until there is something to say. */
import type { Campaign } from '../start.ts';
import type { Judge } from './crew.ts';
import type { Upgrade } from './state.ts';

export function judgeOf(_campaign: Campaign, _upgrade: Upgrade, _withinSeconds: number): Judge {
  return async () => 'not enough evidence';
}
