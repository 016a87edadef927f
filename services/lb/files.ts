/** What lies beside HAProxy's configuration, in the folder where lb may write. */
import { join, parse } from 'node:path';

const beside = (name: string) => (haproxyConfig: string) => join(parse(haproxyConfig).dir, name);

/** Which pool a request goes to: HAProxy reads it when it starts, and is told what changes in it. */
export const mapPath = beside('traffic.map');
/** The model in force; see memory.ts. */
export const memoryPath = beside('model.json');
/** Where a worker that a reload left behind hands on its clients' requests. */
export const successorSocket = beside('edge.sock');
