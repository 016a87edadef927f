import { expect, test } from 'vitest';
import { exampleStack } from '../testing/example-stack.ts';
import { firstStatements, mariadbConfig } from './mariadb.ts';

const lines = mariadbConfig(exampleStack).split('\n');

test('the node listens on loopback alone, for clients and for other nodes', () => {
  expect(lines).toContain('bind_address = 127.0.0.1');
  expect(lines).toContain('port = 5');
  expect(lines).toContain('wsrep_node_address = 127.0.0.1:6');
  expect(lines.join()).toMatch(
    /gmcast\.listen_addr=tcp:\/\/127\.0\.0\.1:6;ist\.recv_addr=127\.0\.0\.1:7;/,
  );
});

test('Galera’s options are those of a cluster from the first day', () => {
  const options = lines.find((line) => line.startsWith('wsrep_provider_options'));
  expect(options).toMatch(
    /;evs\.inactive_check_period=PT0\.25S;evs\.keepalive_period=PT0\.25S;evs\.suspect_timeout=PT1S;evs\.inactive_timeout=PT3S;evs\.install_timeout=PT3S;gcache\.size=256M;gcache\.recover=yes"$/,
  );
  expect(lines).toContain('binlog_format = ROW');
  expect(lines).toContain('innodb_autoinc_lock_mode = 2');
});

test('what is committed is on the disk, and what does not fit is refused', () => {
  expect(lines).toContain('innodb_flush_log_at_trx_commit = 1');
  expect(lines.join()).toMatch(/sql_mode = STRICT_ALL_TABLES,/);
  expect(lines).toContain('character_set_server = utf8mb4');
});

test('paths may hold spaces', () => {
  const spaced = mariadbConfig({ ...exampleStack, dir: '/home/me/my stacks/demo' });
  expect(spaced).toContain('datadir = "/home/me/my stacks/demo/mariadb/data/node"');
});

test('the administrator comes from this machine alone', () => {
  expect(firstStatements(exampleStack.secrets)).toContain(
    "CREATE USER admin@127.0.0.1 IDENTIFIED BY 'mariadb-admin-password';",
  );
});

test('the password by which nodes fill each other gives none of the others away', () => {
  const password = lines.find((line) => line.startsWith('wsrep_sst_auth'));
  expect(password).toMatch(/^wsrep_sst_auth = sst:[\w-]{43}$/);
});
