/**
 * `mf upgrade …`, killed at a boundary between its steps: node dying-upgrade.ts 'after start' roll moody v2
 *
 * A program of its own, as nothing that is caught or cleaned up may stand between.
 */

import { upgrade, upgradeAs } from '../../scripts/cli/upgrade.ts';
import { readWords } from '../../scripts/cli/verb.ts';

const [, , boundary, ...args] = process.argv;
await upgradeAs(readWords('upgrade', upgrade, args), (now) => {
  if (now === boundary) process.kill(process.pid, 'SIGKILL');
});
