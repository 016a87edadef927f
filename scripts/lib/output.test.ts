import { expect, test } from 'vitest';
import { StepFailure, UsageError } from './failure.ts';
import { createOutput, table } from './output.ts';

/** An output whose lines can be read, and whose clock goes 400 ms at each look. */
function build({ json = false } = {}) {
  const [out, err]: [string[], string[]] = [[], []];
  let clockMs = 0;
  const now = () => {
    clockMs += 400;
    return clockMs;
  };
  const output = createOutput(json, {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    now,
  });
  return { output, out, err };
}

test('a step is one line with what was done and how long it took', async () => {
  const { output, out } = build();
  await output.step('messages 1.0.0-3fa2b1c0', 'mf status', async () => 'serving');
  expect(out).toEqual(['→ messages 1.0.0-3fa2b1c0 · serving after 0.4 s']);
});

test('a step that found nothing to do says nothing', async () => {
  const { output, out } = build();
  await output.step('redis', 'mf status', async () => undefined);
  expect(out).toEqual([]);
  expect(output.done).toEqual([]);
});

test('with --json the steps are kept for the one document at the end', async () => {
  const { output, out } = build({ json: true });
  await output.step('redis', 'mf status', async () => 'ready');
  expect(output.done).toEqual([{ step: 'redis', did: 'ready', seconds: 0.4 }]);
  output.answer({ ok: true }, 'for people');
  expect(out.join()).toBe('{\n  "ok": true\n}');
});

test('a step that throws fails under its name, with what to try', async () => {
  const { output, err } = build();
  const failing = output.step('redis', 'mf logs redis', () => Promise.reject(new Error('gone')));
  const error = await failing.catch((thrown: unknown) => thrown);
  expect(output.fail(error)).toBe(1);
  expect(err).toEqual(['✗ redis · gone', '  next: mf logs redis']);
});

test("a failure shows the part's last words", () => {
  const { output, err } = build();
  output.fail(new StepFailure('redis', 'ended (exit status 1)', 'mf logs redis', ['no memory']));
  expect(err[1]).toBe('    no memory');
});

test('a wrong command is one line and exit code 2', () => {
  const { output, err } = build();
  expect(output.fail(new UsageError("there is no verb 'pu'", 'mf help'))).toBe(2);
  expect(err).toEqual(["mf: there is no verb 'pu' · next: mf help"]);
});

test('with --json a failure is a document too', () => {
  const { output, out } = build({ json: true });
  output.fail(new StepFailure('port', 'port 8080 is taken', 'mf up --port 8081'));
  expect(JSON.parse(out.join())).toEqual({
    ok: false,
    step: 'port',
    why: 'port 8080 is taken',
    next: 'mf up --port 8081',
    log: [],
  });
});

test('a column is as wide as its widest cell', () => {
  expect(
    table(
      ['A', 'B'],
      [
        ['long', 'x'],
        ['y', 'z'],
      ],
    ),
  ).toBe('A     B\nlong  x\ny     z');
});
