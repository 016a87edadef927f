/**
 * Speaks to HAProxy through one of its sockets: the worker's (runtime API) or the master's (reload).
 *
 * HAProxy answers one line of commands and closes the connection. Whether they did what they were
 * meant to is not concluded from the answers: reconcile.ts looks at the servers again.
 */
import { connect } from 'node:net';
import type { LbSettings } from './config.ts';
import { mapPath } from './files.ts';
import type { MapEntry } from './pools.ts';
import { parseRunning, questionsFor, type Running, wordOf } from './running.ts';

const patienceMs = 2_000;
/** HAProxy takes a line of up to 16 KB, its buffer's size. */
const maxLineLength = 8_000;

type Place = Pick<LbSettings, 'haproxyRuntimeSocket' | 'haproxyConfig'>;

export async function look({ haproxyRuntimeSocket, haproxyConfig }: Place): Promise<Running> {
  const questions = questionsFor(mapPath(haproxyConfig));
  return parseRunning(
    await Promise.all(questions.map((question) => ask(haproxyRuntimeSocket, question))),
  );
}

/** The whole map at one moment: no request sees half of it. */
export async function replaceMap(
  { haproxyRuntimeSocket, haproxyConfig }: Place,
  entries: readonly MapEntry[],
): Promise<string[]> {
  const map = wordOf(mapPath(haproxyConfig));
  const answer = await ask(haproxyRuntimeSocket, `prepare map ${map}`);
  const [, version] = /version created: (\d+)/.exec(answer) ?? [];
  if (version === undefined) return [answer.trim()];
  const add = entries.map(([key, backend]) => `add map @${version} ${map} ${key} ${backend}`);
  return tell(haproxyRuntimeSocket, [...add, `commit map @${version} ${map}`]);
}

/** Sends the commands in as few lines as they fit in, and returns what HAProxy has to say about them. */
export async function tell(socketPath: string, commands: readonly string[]): Promise<string[]> {
  const remarks: string[] = [];
  for (const line of linesOf(commands)) {
    const answer = await ask(socketPath, line);
    remarks.push(...answer.split('\n').filter((text) => text !== '' && !goodNews.test(text)));
  }
  return remarks;
}

export async function ask(socketPath: string, line: string): Promise<string> {
  const socket = connect(socketPath);
  socket.setTimeout(patienceMs, () => {
    socket.destroy(new Error(`HAProxy did not answer within ${patienceMs} ms at ${socketPath}`));
  });
  socket.write(`${line}\n`);
  let answer = '';
  for await (const chunk of socket.setEncoding('utf8')) answer += chunk;
  return answer;
}

const goodNews = /^(New server registered|Server deleted|no need to change|(IP|port) changed)/;

function linesOf(commands: readonly string[]): string[] {
  const lines: string[] = [];
  let line = '';
  for (const command of commands) {
    if (line && line.length + command.length > maxLineLength) {
      lines.push(line);
      line = '';
    }
    line = line ? `${line};${command}` : command;
  }
  return line ? [...lines, line] : lines;
}
