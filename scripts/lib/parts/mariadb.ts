/**
 * MariaDB with Galera: a cluster of one that others can join, on loopback.
 *
 * start-mariadb.sh beside this file makes the data folder and decides how to start; here is what is
 * configured, and how one knows that the node takes writes. Schemas and users are made once it runs
 * (accounts/schemas.ts). Sized for a laptop that runs everything else too.
 */
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { galeraStatus, withAdmin } from '../accounts/admin-connection.ts';
import type { Part } from '../program.ts';
import type { Stack } from '../stack.ts';
import { findProgram, versionOf } from './installed.ts';
import { until } from './until.ts';

const user = 'mf-mariadb';
const bufferPoolMb = 64;
const connections = 200;

/**
 * The same on every node from the first day: a mix leaves survivors that refuse to serve. With the
 * defaults nobody can write for 6 s after any node's death, with these for 2 s.
 */
const galeraOptions = [
  'evs.inactive_check_period=PT0.25S',
  'evs.keepalive_period=PT0.25S',
  'evs.suspect_timeout=PT1S',
  'evs.inactive_timeout=PT3S',
  'evs.install_timeout=PT3S',
  'gcache.size=256M',
  'gcache.recover=yes',
];

export function mariadbPart(stack: Stack): Part {
  const folder = join(stack.dir, 'mariadb');
  const data = join(folder, 'data');
  const start = join(import.meta.dirname, 'start-mariadb.sh');
  const owned = { mode: 0o600, user };
  return {
    program: {
      name: 'mariadb',
      command: [findProgram('bash'), start, folder],
      user,
      environment: {},
      show: [
        { path: folder, writable: false },
        { path: data, writable: true },
        { path: start, writable: false },
      ],
      priority: 10,
      stopWaitSecs: 60,
    },
    folders: [
      { path: folder, mode: 0o711, user: 'root' },
      { path: data, mode: 0o700, user },
    ],
    files: [
      { path: join(folder, 'my.cnf'), content: mariadbConfig(stack), ...owned },
      { path: join(folder, 'first.sql'), content: firstStatements(stack.secrets), ...owned },
    ],
    version: () => versionOf('mariadbd', '--version'),
    ready: () => until(() => takesWrites(stack)),
  };
}

export function mariadbConfig({
  name,
  dir,
  ports,
  secrets,
}: Pick<Stack, 'name' | 'dir' | 'ports' | 'secrets'>): string {
  const data = join(dir, 'mariadb/data');
  const options = [
    `gmcast.listen_addr=tcp://127.0.0.1:${ports.galera}`,
    `ist.recv_addr=127.0.0.1:${ports.galeraIst}`,
    ...galeraOptions,
  ];
  return `[mariadbd]
datadir = "${data}/node"
tmpdir = "${data}"
socket = "${data}/mariadb.sock"
pid_file = "${data}/mariadb.pid"

bind_address = 127.0.0.1
port = ${ports.mariadb}
skip_name_resolve = ON
local_infile = OFF
max_connections = ${connections}
log_warnings = 1
table_open_cache = 400

character_set_server = utf8mb4
collation_server = utf8mb4_uca1400_ai_ci
sql_mode = STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION

default_storage_engine = InnoDB
innodb_flush_log_at_trx_commit = 1
innodb_autoinc_lock_mode = 2
innodb_force_primary_key = ON
innodb_buffer_pool_size = ${bufferPoolMb}M
innodb_log_buffer_size = 4M
aria_pagecache_buffer_size = 8M
key_buffer_size = 1M
performance_schema = OFF
binlog_format = ROW

wsrep_on = ON
wsrep_provider = /usr/lib/galera/libgalera_smm.so
wsrep_cluster_name = microflack-${name}
wsrep_cluster_address = gcomm://
wsrep_node_name = node-1
wsrep_node_address = 127.0.0.1:${ports.galera}
wsrep_sst_method = mariabackup
wsrep_sst_auth = sst:${sstPassword(secrets)}
wsrep_provider_options = "${options.join(';')}"
`;
}

/** Run once, while the data folder is made. */
export function firstStatements(secrets: Pick<Stack['secrets'], 'mariadbAdmin'>): string {
  return `DELETE FROM mysql.proxies_priv;
FLUSH PRIVILEGES;
CREATE USER admin@127.0.0.1 IDENTIFIED BY '${secrets.mariadbAdmin}';
GRANT ALL PRIVILEGES ON *.* TO admin@127.0.0.1 WITH GRANT OPTION;
CREATE USER sst@localhost IDENTIFIED BY '${sstPassword(secrets)}';
GRANT RELOAD, PROCESS, LOCK TABLES, BINLOG MONITOR, REPLICA MONITOR ON *.* TO sst@localhost;
`;
}

/** A node that joins is filled from another's backup, for which the nodes of a stack share this one. */
function sstPassword({ mariadbAdmin }: Pick<Stack['secrets'], 'mariadbAdmin'>): string {
  return createHmac('sha256', mariadbAdmin).update('sst').digest('base64url');
}

/** A node that answers may still refuse every statement: Galera's own state decides. */
async function takesWrites(stack: Stack): Promise<void> {
  const wanted = { wsrep_ready: 'ON', wsrep_cluster_status: 'Primary', wsrep_local_state: '4' };
  const state = await withAdmin(stack, galeraStatus);
  for (const [name, value] of Object.entries(wanted)) {
    if (state.get(name) !== value) throw new Error(`${name} is ${state.get(name)}, not ${value}`);
  }
}
