/**
 * The assets of the page's other releases on this machine, for browsers that got their page from one
 * of those: while versions change, what a page loads next may well be asked of another version's
 * instance, and a moment later of no other. A name carries the hash of what is in the file, so what is
 * found under it is what the page means, whichever release it is from.
 *
 * Looked at anew for each request that asks for what this release does not have, as a release may
 * have been built a moment ago; there are few of those.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RequestHandler } from 'express';

/** NAME-HASH.ENDING, and no way into another folder. */
const hashedName = /^[A-Za-z0-9_-]+-[A-Za-z0-9_-]{8}(?:\.[a-z0-9]+)+$/;

export function otherReleases(home: string | undefined): RequestHandler {
  return async (request, response, next) => {
    const name = request.path.slice(1);
    const root = home && hashedName.test(name) && (await folderWith(home, name));
    if (!root || !['GET', 'HEAD'].includes(request.method)) return next();
    response.sendFile(name, { root, immutable: true, maxAge: '1y' });
  };
}

async function folderWith(home: string, name: string): Promise<string | undefined> {
  const labels = (await readdir(home)).filter((label) => !label.startsWith('.'));
  const folders = labels.map((label) => join(home, label, 'public/assets'));
  return folders.find((folder) => existsSync(join(folder, name)));
}
