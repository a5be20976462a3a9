import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '..', '..');
const PRINTER = 'actions/job/harness.ts';
/** The daemon's log and what a person asked its command line for. */
const OF_AGENT: readonly string[] = ['agent/main.ts', 'agent/open-context.ts'];
const OF_CLI = 'cli/print.ts';

/** What writes to the output of the process: a runner reads commands in it. */
const PRINTS =
  /\bconsole\.\w+\(|process\.std(?:out|err)\b|stdio: ?['"[{][^\n]*inherit|from '(?:node:)?console'|silent: false|\bcore\.(?:info|notice|warning|error|debug|startGroup|group|setFailed)\(/g;

function readSources(folder: string): readonly { readonly file: string; readonly text: string }[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => path.posix.join(folder, name.split(path.sep).join('/')))
    .filter((file) => file.endsWith('.ts') && !file.includes('/node_modules/'))
    .map((file) => ({ file, text: readFileSync(path.join(ROOT, file), 'utf8') }));
}

test('one file of the actions prints, and one of the command line, and one of the agent logs', () => {
  const printers = ['core', 'adapters', 'actions', 'agent', 'cli']
    .flatMap(readSources)
    .filter(({ text }) => text.search(PRINTS) !== -1)
    .map(({ file }) => file);
  expect(printers.toSorted()).toEqual([PRINTER, OF_CLI, ...OF_AGENT].toSorted());
});

test.each([
  [PRINTER, 'core'],
  ['agent/open-context.ts', 'console'],
])('whatever %s prints was made plain', (file, name) => {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const calls = [...text.matchAll(PRINTS)].map(({ index }) => text.slice(index, text.indexOf('\n', index)));
  expect(calls.length).toBeGreaterThan(2);
  const plain = new RegExp(`^${name}\\.\\w+\\(plainLines?\\(`);
  expect(calls.filter((call) => !plain.test(call))).toEqual([]);
});
