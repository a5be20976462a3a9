import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { check } from '../../../cli/check/check.ts';
import { COMMANDS } from '../../../cli/commands.ts';
import { readCommand } from '../../../cli/read-command.ts';
import { ROOT } from '../../../sandbox/checkout.ts';
import { createStranger, fileWith } from '../../cli/support/stranger.ts';
import { type Answer, answerOf, answersOf } from './mistake.ts';

type Changes = Parameters<typeof createStranger>[0];

/** What `trainyard check` says of a repository with such files. */
export async function byCheck(
  changes: Changes,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly Answer[]> {
  const checked = await check({ folder: createStranger(changes), file: 'trainyard.yml', env, root: ROOT });
  return checked.flatMap((one) => (one.kind === 'flawed' ? [answerOf(one.problem)] : []));
}

/** The same, where a part of trainyard.yml is otherwise. */
export function withConfig(part: string, other: string): () => Promise<readonly Answer[]> {
  return () => byCheck(fileWith('trainyard.yml', part, other));
}

/** What a command of ours says in a folder. A line that it prints with `error` or `warning` is an answer, and so is what it is refused with. */
export async function byCommand(
  folder: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<readonly Answer[]> {
  const lines: string[] = [];
  const print = {
    line: (line: string) => void lines.push(line),
    trouble: () => undefined,
    annotate: () => undefined,
  };
  const json = argv[0] === 'doctor' ? ['--json'] : [];
  const refused = await answersOf(
    (async () => {
      const asked = readCommand([...argv, ...json], COMMANDS);
      if (asked.kind !== 'run') throw new TypeError('It asks for help.');
      await asked.command.run(asked.given, { root: ROOT, cwd: folder, env, print });
    })(),
  );
  return [...refused, ...(json.length > 0 ? lines.flatMap(readFlaws) : [])];
}

/** What `doctor` found wrong, by what it prints for machines. */
function readFlaws(line: string): readonly Answer[] {
  const { checked = [] } = Object(JSON.parse(line));
  return checked.flatMap((one: { kind: string; problem: Parameters<typeof answerOf>[0] }) =>
    one.kind === 'flawed' ? [answerOf(one.problem)] : [],
  );
}

/** A PATH on which these programs of a machine answer as their scripts say. */
export function programsOf(scripts: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-bin-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, script] of Object.entries(scripts))
    writeFileSync(path.join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return `${folder}:${process.env['PATH']}`;
}
