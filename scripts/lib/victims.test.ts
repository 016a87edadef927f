import { describe, expect, test } from 'vitest';
import { chooseVictims } from './victims.ts';

const row = (program: string, version: string, health = 'healthy') => ({
  program,
  service: program.replace(/-\d+$/, ''),
  version,
  instance: `${program}-0000000a`,
  health,
});

const rows = [
  row('messages-1', 'v1'),
  row('messages-2', 'v2'),
  row('messages-3', 'v2'),
  row('ui-1', 'v2'),
  row('ui-2', '1.0.0-3fa2b1c0'),
  row('popularity-1', 'popularity_v1'),
];

function victims(name: string, version?: string, last = false, all = rows): string[] {
  const chosen = chooseVictims(all, { name, version, last, option: ' --stack demo' });
  return chosen.map(({ program }) => program);
}

describe('a name means', () => {
  test.each([
    ['messages-2', ['messages-2']],
    ['messages-2-0000000a', ['messages-2']],
    ['1.0.0-3fa2b1c0', ['ui-2']],
    ['v1', ['messages-1']],
  ])('%s: %j', (name, programs) => {
    expect(victims(name)).toEqual(programs);
  });

  test('a service, all of it, where that is asked for', () => {
    expect(victims('messages', undefined, true)).toEqual([
      'messages-1',
      'messages-2',
      'messages-3',
    ]);
  });

  test('a version of a service', () => {
    expect(victims('messages', 'v2')).toEqual(['messages-2', 'messages-3']);
  });
});

test('a version that several services have is told, with the way to name one', () => {
  expect(() => victims('v2')).toThrow(
    "kill: 'v2' could mean any of messages-2 (v2), messages-3 (v2), ui-1 (v2)",
  );
  expect(() => victims('v2')).toThrow(
    expect.objectContaining({ next: 'mf kill messages v2 --stack demo' }),
  );
});

test('a version that is called as another service is told too, unless both come to the same', () => {
  const confusing = [...rows, row('ui-3', 'messages')];
  expect(() => victims('messages', undefined, true, confusing)).toThrow('could mean any of');
  expect(victims('hello', undefined, true, [row('hello-1', 'hello')])).toEqual(['hello-1']);
});

test.each([
  ['nope', undefined],
  ['messages', 'v3'],
  ['messages-9', undefined],
])('%s %s is nobody, and what runs is told', (name, version) => {
  expect(() => victims(name, version)).toThrow('(services: messages, ui, popularity)');
});

describe('the last one of a service', () => {
  test('goes only where that is asked for', () => {
    expect(() => victims('popularity_v1')).toThrow('kill: no instance of popularity would be left');
    expect(() => victims('popularity_v1')).toThrow(
      expect.objectContaining({ next: 'mf kill popularity_v1 --last --stack demo' }),
    );
    expect(victims('popularity_v1', undefined, true)).toEqual(['popularity-1']);
  });

  test('is the last healthy one: the others would not answer', () => {
    const sick = [row('ui-1', 'v1'), row('ui-2', 'v2', 'exited')];
    expect(() => victims('v1', undefined, false, sick)).toThrow('no healthy instance of ui');
    expect(victims('v2', undefined, false, sick)).toEqual(['ui-2']);
  });

  test('may go where it is sick among the sick', () => {
    const sick = [row('ui-1', 'v1', 'exited'), row('ui-2', 'v2', 'exited')];
    expect(victims('v1', undefined, false, sick)).toEqual(['ui-1']);
  });
});
