import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { COMMAND_LINE } from '../../core/names.ts';
import { NPM_BIN, ROOT } from '../../sandbox/checkout.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { stepsOf } from './support/walk-page.ts';

const STEPS = stepsOf(readFileSync(path.join(ROOT, 'docs', 'first-hour.md'), 'utf8'));
/** A rollout under a busy machine takes its time. */
const SAID_WITHIN_MS = 420_000;
const DONE_WITHIN_MS = 120_000;
/** What only GitHub, a network or a real host can answer. */
const OUTSIDE = new RegExp(
  String.raw`^\$ (?:git clone|git push|gh |npm --prefix|export |${COMMAND_LINE} (?:init --apply|host add|doctor))`,
);

/** A run that went another way than the page says: nothing more is to be waited for. */
const FAILED = / (?:push|created) (?:failure|cancelled): /;

const home = mkdtempSync(path.join(tmpdir(), 'ty-hour-'));
const terminals: { readonly shell: ChildProcess; readonly closed: Promise<unknown> }[] = [];

/** The home of somebody who has cloned Trainyard, and whose `npx` has fetched it. */
function furnish(): Readonly<Record<string, string | undefined>> {
  symlinkSync(ROOT, path.join(home, 'trainyard'));
  const bin = path.join(home, 'bin');
  mkdirSync(bin);
  const node = path.join(NPM_BIN, 'node');
  const npx = [
    '#!/bin/sh',
    '[ "$1" = github:trainyard/trainyard ] || { echo "npx was asked for $1" >&2; exit 1; }',
    'shift',
    `exec "${node}" --disable-warning=ExperimentalWarning "${path.join(ROOT, 'cli', 'main.ts')}" "$@"`,
    '',
  ].join('\n');
  writeFileSync(path.join(bin, 'npx'), npx, { mode: 0o755 });
  const { PATH, LANG } = process.env;
  const who = { NAME: 'you', EMAIL: 'you@localhost' };
  return {
    ...{ PATH: `${bin}:${PATH}`, LANG, HOME: home },
    ...{ GIT_AUTHOR_NAME: who.NAME, GIT_COMMITTER_NAME: who.NAME },
    ...{ GIT_AUTHOR_EMAIL: who.EMAIL, GIT_COMMITTER_EMAIL: who.EMAIL },
  };
}

/** A shell that takes one block after the other, as one types them, and ends at the first command that fails. */
function openTerminal(env: Readonly<Record<string, string | undefined>>) {
  const shell = spawn('bash', ['-e'], {
    cwd: home,
    env: { ...env },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  terminals.push({ shell, closed: once(shell, 'close') });
  let said = '';
  for (const stream of [shell.stdout, shell.stderr]) stream.on('data', (part) => (said += String(part)));
  let blocks = 0;
  return {
    said: () => said,
    type: (text: string) => {
      blocks += 1;
      shell.stdin.write(`${text}\necho "block ${blocks} is done"\n`);
      return blocks;
    },
    hasDone: (block: number) => said.includes(`block ${block} is done`),
    hasEnded: () => shell.exitCode !== null,
  };
}

afterAll(async () => {
  for (const { shell, closed } of terminals.toReversed()) {
    if (shell.exitCode === null && shell.pid !== undefined) process.kill(-shell.pid, 'SIGTERM');
    await closed;
  }
  rmSync(home, { recursive: true, force: true });
});

test('what can not be run here is marked in the page, and little', () => {
  const outside = STEPS.flatMap((step) => (step.kind === 'outside' ? step.commands : []));
  expect(outside.filter((command) => !OUTSIDE.test(command))).toEqual([]);
  expect(outside.length).toBeLessThan(STEPS.filter(({ kind }) => kind === 'commands').length);
});

test('docs/first-hour.md leads a stranger from a project to a canary and back, word for word', async () => {
  const env = furnish();
  const first = openTerminal(env);
  const others: ReturnType<typeof openTerminal>[] = [];
  let heard = 0;
  for (const step of STEPS) {
    if (step.kind === 'commands' && step.isElsewhere) {
      const other = openTerminal(env);
      other.type(step.text);
      others.push(other);
    } else if (step.kind === 'commands') {
      const block = first.type(step.text);
      const done = () => first.hasDone(block) || first.hasEnded();
      await waitFor(done, `these commands to end: ${step.text}`, DONE_WITHIN_MS);
      expect(first.hasDone(block), `${step.text}\n${first.said()}`).toBe(true);
    } else if (step.kind === 'said') {
      for (const line of step.lines) {
        const sandbox = others[0];
        const found = () => line.exec((sandbox?.said() ?? '').slice(heard));
        const hasFailed = () => FAILED.test((sandbox?.said() ?? '').slice(heard));
        await waitFor(
          () => found() !== null || hasFailed(),
          `the sandbox to say ${line}`,
          SAID_WITHIN_MS,
        ).catch((cause: unknown) => {
          throw new Error(`The sandbox did not say ${line}: ${sandbox?.said().slice(heard)}`, { cause });
        });
        const match = found();
        expect(match, `${line} in ${sandbox?.said().slice(heard)}`).not.toBeNull();
        heard += (match?.index ?? 0) + (match?.[0].length ?? 0);
      }
    }
  }
  expect(first.said()).toMatch(/"predictions": \[4\d{3}\./);
});
