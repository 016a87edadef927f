import { expect, test } from 'vitest';
import { parseRunning } from './running.ts';

// As HAProxy 2.6.12 and 3.0.11 answered.
const heading =
  '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port';
const states = `1
${heading}
5 be_users 1 users-1 127.0.0.1 2 0 100 100 1 15 3 2 6 0 0 0 - 18090 - 0 0 - - 0
5 be_users 2 users-2 ::1 0 1 100 100 0 1 0 0 14 0 0 0 - 18091 - 0 0 - - 0
6 be_ui 1 ui-1 127.0.0.1 2 8 0 100 0 1 0 2 6 0 0 0 - 18092 - 0 0 - - 0

`;
const stats = `# pxname,svname,qcur,qmax,scur,smax,slim,stot,bck
be_users,users-1,0,0,3,9,,7,0,
be_users,users-2,0,0,0,9,,7,1,
be_ui,ui-1,1,0,1,9,,7,0,

`;
const map = `0x55f1bc138c20 users:v1 be_users.1
0x55f1bc138d00 users/request/1 be_users.2

`;

test('HAProxy’s tables become servers, with what they are busy with', () => {
  expect(parseRunning(['proc.structure: type=str value=<c2fd85e6>\n', states, stats, map])).toEqual(
    {
      structure: 'c2fd85e6',
      servers: [
        {
          ...{ backend: 'be_users', id: 'users-1', address: '127.0.0.1', port: 18_090 },
          ...{ weight: 100, backup: false, state: 'ready', busy: 3 },
        },
        {
          ...{ backend: 'be_users', id: 'users-2', address: '::1', port: 18_091 },
          ...{ weight: 100, backup: true, state: 'maint', busy: 0 },
        },
        {
          ...{ backend: 'be_ui', id: 'ui-1', address: '127.0.0.1', port: 18_092 },
          ...{ weight: 0, backup: false, state: 'drain', busy: 2 },
        },
      ],
      map: [
        ['users/request/1', 'be_users.2'],
        ['users:v1', 'be_users.1'],
      ],
    },
  );
});

test('a HAProxy without servers has none, and one with a foreign configuration no structure', () => {
  const none = `1\n${heading}\n\n`;
  expect(parseRunning(['Variable not found.\n', none, '# pxname,svname\n\n'])).toEqual({
    structure: undefined,
    servers: [],
    map: [],
  });
});

test('backends that are not lb’s are left alone', () => {
  const foreign = states.replaceAll(' be_u', ' their_u');
  expect(parseRunning(['', foreign, stats]).servers).toEqual([]);
});
