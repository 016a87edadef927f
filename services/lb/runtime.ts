/**
 * Speaks to HAProxy through one of its sockets: the worker's (runtime API) or the master's (reload).
 *
 * HAProxy answers one line of commands and closes the connection. Whether they did what they were
 * meant to is not concluded from the answers: reconcile.ts looks at the servers again.
 */
import { connect } from 'node:net';
import { parseRunning, questions, type Running } from './running.ts';

const patienceMs = 2_000;
/** HAProxy takes a line of up to 16 KB, its buffer's size. */
const maxLineLength = 8_000;

export async function look(socketPath: string): Promise<Running> {
  return parseRunning(await Promise.all(questions.map((question) => ask(socketPath, question))));
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
