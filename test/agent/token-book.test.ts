import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readOptions } from '../../agent/options/options.ts';
import { createTokenBook } from '../../agent/options/token-book.ts';

const DEPLOYER = 'deployer deployer-0123456789';
const READER = 'reader reader-0123456789';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ty-'));
  file = join(folder, 'tokens');
  writeFileSync(file, `${DEPLOYER}\n${READER}\n`, { mode: 0o600 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a file that nobody can look at changes nothing, and the log says so once', () => {
  const warnings: string[] = [];
  const log = {
    info: () => undefined,
    warn: (line: string) => void warnings.push(line),
    group: <T>(_: string, work: () => Promise<T>) => work(),
  };
  const tokens = createTokenBook({ options: readOptions(['--tokens-file', file], {}), log });
  const roles = () => tokens().map(({ role }) => role);
  expect(roles()).toEqual(['deployer', 'reader']);
  rmSync(file);
  symlinkSync(file, file);
  for (let time = 0; time < 3; time += 1) expect(roles()).toEqual(['deployer', 'reader']);
  expect(warnings).toEqual([expect.stringMatching(/^Tokens stay as they were: .*ELOOP/)]);
  rmSync(file);
  writeFileSync(file, READER, { mode: 0o600 });
  expect(roles()).toEqual(['reader']);
  expect(warnings).toHaveLength(1);
});

/** Drops a token while the process has no descriptor left, and asks before and after it has some again. */
const WITHOUT_DESCRIPTORS = `
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { readOptions } from './agent/options/options.ts';
import { createTokenBook } from './agent/options/token-book.ts';
const [file, text] = process.argv.slice(1);
const told = [];
const warn = (line) => told.push('warning');
const log = { info: () => told.push('read'), warn };
const tokens = createTokenBook({ options: readOptions(['--tokens-file', file], {}), log });
const ask = () => told.push(tokens().map(({ role }) => role).join(' '));
ask();
writeFileSync(file, text);
const taken = [];
try {
  for (;;) taken.push(openSync(file));
} catch {}
ask();
ask();
for (const one of taken) closeSync(one);
ask();
console.log(JSON.stringify(told));
`;

test('a token that was dropped is refused as soon as the file can be read again', () => {
  const told = execFileSync(
    'sh',
    [
      ...['-c', 'ulimit -n 128 && exec "$@"', 'sh'],
      ...[process.execPath, '--disable-warning=ExperimentalWarning', '--input-type=module'],
      ...['-e', WITHOUT_DESCRIPTORS, file, READER],
    ],
    { encoding: 'utf8' },
  );
  expect(JSON.parse(told)).toEqual([
    ...['deployer reader', 'warning', 'deployer reader', 'deployer reader'],
    ...['read', 'reader'],
  ]);
});
