/**
 * The model in force, kept beside HAProxy's file: what a restarted lb goes by until Consul has spoken
 * with certainty, and why a service keeps its route and its (then empty) backend.
 *
 * It is derived, and nothing but a memory: deleting it costs no more than that.
 */
import type { Logger } from '@microflack/common/log.ts';
import { readIfThere } from './apply.ts';
import { memoryPath } from './files.ts';
import { emptyModel, type Model, modelSchema } from './model.ts';

export const memoryText = (model: Model): string => `${JSON.stringify(model, undefined, 2)}\n`;

export async function remember(haproxyConfig: string, log: Logger): Promise<Model> {
  const path = memoryPath(haproxyConfig);
  try {
    const text = await readIfThere(path);
    return text === undefined ? emptyModel : modelSchema.parse(JSON.parse(text));
  } catch (error) {
    log.warn({ event: 'memory.unreadable', path, err: error }, 'goes on without a memory');
    return emptyModel;
  }
}
