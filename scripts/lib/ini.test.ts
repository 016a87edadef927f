import { describe, expect, test } from 'vitest';
import { daemonIni, environment, parseHeader, programIni, shellWord } from './ini.ts';
import type { Program } from './program.ts';

const about = {
  service: 'messages',
  version: '1.0.0-3fa2b1c0',
  settings: 'abc',
  by: 'up' as const,
};
const logFolder = '/stack/log';
const program: Program = {
  name: 'messages-1',
  command: ['/usr/bin/node', '--permission', '/stack/releases/main.js'],
  user: 'mf-messages',
  environment: { MF_PROGRAM: 'messages-1', LOG_LEVEL: 'info' },
  show: [
    { path: '/stack/releases', writable: false },
    { path: '/stack/tmp', writable: true },
  ],
  priority: 50,
  stopWaitSecs: 20,
};

describe('a program as supervisor reads it', () => {
  test('is restarted whenever it ends, unless it says that this would not help', () => {
    expect(programIni(program, program.command, about, logFolder)).toBe(
      `; {"service":"messages","version":"1.0.0-3fa2b1c0","settings":"abc","by":"up"}
[program:messages-1]
command=/usr/bin/node --permission /stack/releases/main.js
directory=/
environment=MF_PROGRAM="messages-1",LOG_LEVEL="info"
priority=50
autorestart=unexpected
exitcodes=78
startsecs=0
stopsignal=TERM
stopwaitsecs=20
killasgroup=true
redirect_stderr=true
stdout_logfile=/stack/log/messages-1.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=2

`,
    );
  });

  test('says in its first line what it is', () => {
    expect(parseHeader(programIni(program, program.command, about, logFolder))).toEqual(about);
  });

  test('has every % doubled, since supervisord expands them', () => {
    const text = programIni(program, ['/bin/date', '+%s'], about, logFolder);
    expect(text).toContain('command=/bin/date +%%s\n');
  });

  test('refuses a line break, which would begin another setting', () => {
    const command = ['/bin/echo', 'a\nuser=root'];
    expect(() => programIni(program, command, about, logFolder)).toThrow('line break');
  });
});

test('what supervisord replaces even where it is escaped is refused', () => {
  const command = ['/bin/echo', '%(here)s'];
  expect(() => programIni(program, command, about, logFolder)).toThrow('%(here)s');
});

describe('a word of a command', () => {
  test.each([
    ['/usr/bin/node', '/usr/bin/node'],
    ['', "''"],
    ['two words', "'two words'"],
    ['größe', "'größe'"],
    ["it's", `'it'"'"'s'`],
    ['a ;b #c', "'a '';b ''#c'"],
  ])('%s is written as %s', (word, written) => {
    expect(shellWord(word)).toBe(written);
  });
});

describe('the environment', () => {
  test('takes commas and spaces', () => {
    expect(environment({ A: 'x, y', B: 'größe' })).toBe('A="x, y",B="größe"');
  });

  test.each(['a"b', 'a\nb', 'a ;b', "'a'", 'a #b'])(
    'refuses %j, which cannot be written',
    (value) => {
      expect(() => environment({ A: value })).toThrow('environment variable A');
    },
  );
});

test('the daemon listens on a socket for its owner alone, and finds the programs beside it', () => {
  const text = daemonIni('/a 100%/supervisor', '/a 100%/log', true);
  expect(text).toContain(
    '[unix_http_server]\nfile=/a 100%%/supervisor/supervisor.sock\nchmod=0700\n',
  );
  expect(text).toContain('[include]\nfiles=programs/*.ini\n');
  expect(text).toContain('user=root\n');
});
