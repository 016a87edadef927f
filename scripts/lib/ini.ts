/**
 * Supervisor's configuration as text: pure functions, no files.
 *
 * supervisor.ts writes what comes out of here. The format is more treacherous than it looks:
 * supervisord expands `%`, cuts a value at ` ;` and ` #`, splits commands like a shell and the
 * environment unlike one. What cannot be written safely is refused, never mangled.
 */
import { z } from 'zod';
import type { Program } from './program.ts';

const logMaxBytes = '10MB';
const logBackups = 2;

/** What a program's file says about itself in its first line. */
const header = z.strictObject({
  service: z.string(),
  version: z.string(),
  /** Changes with the files that the program reads at its start: by it a changed one is noticed. */
  settings: z.string(),
  /** Who decides about it: `mf up`, which follows the working tree, or whoever typed `mf run`. */
  by: z.enum(['up', 'run']),
});

export type Header = z.infer<typeof header>;

export function daemonIni(folder: string, logFolder: string, asRoot: boolean): string {
  return ini('supervisord', {
    logfile: literal(`${logFolder}/supervisord.log`),
    logfile_maxbytes: logMaxBytes,
    logfile_backups: String(logBackups),
    pidfile: literal(`${folder}/supervisord.pid`),
    childlogdir: literal(logFolder),
    ...(asRoot ? { user: 'root' } : {}),
  }).concat(
    ini('unix_http_server', { file: literal(`${folder}/supervisor.sock`), chmod: '0700' }),
    ini('rpcinterface:supervisor', {
      'supervisor.rpcinterface_factory': 'supervisor.rpcinterface:make_main_rpcinterface',
    }),
    ini('supervisorctl', { serverurl: literal(`unix://${folder}/supervisor.sock`) }),
    // Relative to this file: supervisord splits an absolute path at its spaces.
    ini('include', { files: 'programs/*.ini' }),
  );
}

/** `command` is the program's own with the confinement around it (confine.ts). */
export function programIni(
  program: Program,
  command: readonly string[],
  about: Header,
  logFolder: string,
): string {
  return `; ${JSON.stringify(about)}\n`.concat(
    ini(`program:${program.name}`, {
      command: literal(command.map(shellWord).join(' ')),
      directory: '/',
      environment: literal(environment(program.environment)),
      priority: String(program.priority),
      // Whatever it ended with, but for 78 (EX_CONFIG): what cannot work would be tried for ever.
      autorestart: 'unexpected',
      exitcodes: '78',
      // Readiness is the registry's business: started is running.
      startsecs: '0',
      stopsignal: 'TERM',
      stopwaitsecs: String(program.stopWaitSecs),
      killasgroup: 'true',
      redirect_stderr: 'true',
      stdout_logfile: literal(`${logFolder}/${program.name}.log`),
      stdout_logfile_maxbytes: logMaxBytes,
      stdout_logfile_backups: String(logBackups),
    }),
  );
}

/** The header of a file that programIni made. */
export function parseHeader(text: string): Header {
  const [first = ''] = text.split('\n');
  return header.parse(JSON.parse(first.replace(/^; /, '')));
}

/** One word, as Python's shlex splits it; the quotes also break up what would start a comment. */
export function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'"'"'`).replaceAll(/(\s)([;#])/g, "$1''$2")}'`;
}

/** `A="x",B="y"`. Inside the quotes nothing can be escaped, hence what is refused. */
export function environment(variables: Record<string, string>): string {
  return Object.entries(variables)
    .map(([name, value]) => {
      if (!/^\w+$/.test(name) || /["\n\r]|\s[;#]|^'|'$/.test(value)) {
        throw new Error(`supervisor cannot hold the environment variable ${name} (${value})`);
      }
      return `${name}="${value}"`;
    })
    .join(',');
}

function literal(value: string): string {
  if (/[\n\r\0]/.test(value)) throw new Error(`a line break in ${JSON.stringify(value)}`);
  // Replaced before anything else is looked at, whatever stands before it.
  if (value.includes('%(here)s')) throw new Error(`supervisord would replace %(here)s in ${value}`);
  return value.replaceAll('%', '%%');
}

function ini(section: string, values: Record<string, string>): string {
  const lines = Object.entries(values).map(([key, value]) => `${key}=${value}\n`);
  return `[${section}]\n${lines.join('')}\n`;
}
