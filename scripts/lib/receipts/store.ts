/**
 * Where receipts are kept: one file each in the stack's folder. Written once, and never changed.
 *
 * A file that is no receipt (cut off, edited, somebody's notes) is named as such, and is no reason
 * not to show the others.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, noSuchFile, StepFailure, UsageError } from '../failure.ts';
import { type Stack, stackOption } from '../stack.ts';
import { type Receipt, receiptSchema } from './receipt.ts';

const ending = '.json';
/** A person reads these. */
const faultsAtMost = 3;

export interface Damaged {
  id: string;
  why: string;
}

type Place = Pick<Stack, 'dir' | 'name'>;

const folderOf = ({ dir }: Place) => join(dir, 'receipts');

export async function saveReceipt(stack: Place, receipt: Receipt): Promise<string> {
  const folder = folderOf(stack);
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${receipt.id}${ending}`);
  const half = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(half, `${JSON.stringify(receipt, null, 2)}\n`);
  await rename(half, path);
  return path;
}

/** The oldest first. */
export async function listReceipts(
  stack: Place,
): Promise<{ receipts: Receipt[]; damaged: Damaged[] }> {
  const ids = await receiptIds(stack);
  const receipts: Receipt[] = [];
  const damaged: Damaged[] = [];
  for (const id of ids) {
    const found = await readReceipt(stack, id);
    if ('why' in found) damaged.push(found);
    else receipts.push(found);
  }
  receipts.sort((a, b) => a.begun.localeCompare(b.begun));
  return { receipts, damaged };
}

/** The receipt whose id has this in it, or the `last` one. */
export async function findReceipt(stack: Place, word: string): Promise<Receipt> {
  const list = `mf receipts${stackOption(stack.name)}`;
  const ids = await receiptIds(stack);
  const fitting = word === 'last' ? ids.slice(-1) : idsLike(ids, word);
  const [id] = fitting;
  if (id === undefined) throw new UsageError(`receipts: there is none called '${word}'`, list);
  if (fitting.length > 1) {
    throw new UsageError(`receipts: '${word}' may be any of ${fitting.length}`, list);
  }
  const found = await readReceipt(stack, id);
  if ('why' in found) throw new StepFailure(`receipt ${id}`, `is damaged: ${found.why}`, list);
  return found;
}

const idsLike = (ids: readonly string[], word: string) =>
  ids.includes(word) ? [word] : ids.filter((id) => id.includes(word));

/** Ids begin with the time, so that the last one is the newest. */
async function receiptIds(stack: Place): Promise<string[]> {
  const files = (await readdir(folderOf(stack)).catch(noSuchFile)) ?? [];
  return files
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .sort();
}

async function readReceipt(stack: Place, id: string): Promise<Receipt | Damaged> {
  try {
    const text = await readFile(join(folderOf(stack), `${id}${ending}`), 'utf8');
    const receipt = receiptSchema.parse(JSON.parse(text));
    return receipt.id === id ? receipt : { id, why: `it calls itself ${receipt.id}` };
  } catch (error) {
    return { id, why: error instanceof z.ZodError ? faultsIn(error) : messageOf(error) };
  }
}

function faultsIn({ issues }: z.ZodError): string {
  const faults = issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
  const more = faults.length > faultsAtMost ? `, and ${faults.length - faultsAtMost} more` : '';
  return faults.slice(0, faultsAtMost).join('; ') + more;
}
