import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { listedVariables } from '../../../adapters/box/listed-variables.ts';
import { openBox } from '../../../adapters/box/open-box.ts';
import { runProcess } from '../../../adapters/run-process.ts';
import type { BoxPolicy } from '../../../core/config/config.ts';
import { ROOT, STATE_DIR, venvProgram } from '../../../sandbox/checkout.ts';

/** A runner's folders, outside all that is hidden anyway: its work, the workspace in it, its command files, and what it is registered with. */
const runner = path.join(STATE_DIR, `runner-${randomUUID()}`);
/** A path in the folder that all of the runner's are in. */
export const at = (...names: readonly string[]) => path.join(runner, ...names);
/** Where trainings work. */
export const workspace = at('_work', 'repo', 'repo');
/** A file by which a step of the job tells the runner its outputs. */
export const commandFile = at('_work', '_temp', '_runner_file_commands', 'set_output_1');
/** What no attack may print. */
export const SECRET = 'secret-of-the-job';
/** The environment of the job. */
export const env = {
  PATH: process.env['PATH'],
  ...{
    GITHUB_WORKSPACE: workspace,
    RUNNER_TEMP: at('_work', '_temp'),
    RUNNER_WORKSPACE: at('_work', 'repo'),
  },
  ...{ GITHUB_OUTPUT: commandFile, ACTIONS_RUNTIME_TOKEN: SECRET, TRAINYARD_SIGNING_KEY: SECRET },
};

/** Makes the runner's folders before the tests of a file, and takes them away after. */
export function useRunner(): void {
  beforeAll(() => {
    for (const folder of [workspace, path.dirname(commandFile), at('_work', '_actions')]) {
      mkdirSync(folder, { recursive: true });
    }
    // A model may run as nobody, who has to find what is shown.
    chmodSync(runner, 0o755);
    for (const file of [commandFile, at('.credentials'), at('_work', '_actions', 'action.js')]) {
      writeFileSync(file, SECRET);
    }
    chmodSync(path.dirname(commandFile), 0o700);
  });
  afterAll(() => rmSync(runner, { recursive: true, force: true }));
}

/** Namespaces, or nothing. */
export const POLICY: BoxPolicy = { require: true, timeoutSeconds: 60 };

type Attack = {
  readonly script: string;
  readonly kind?: 'training' | 'model';
  readonly policy?: Partial<BoxPolicy>;
  readonly python?: string;
  readonly show?: readonly string[];
  /** What the runner's operator says. */
  readonly operator?: Readonly<Record<string, string>>;
  /** What must never be seen. */
  readonly secret?: readonly string[];
  readonly timeoutMs?: number;
};

/** Runs a shell script as a training (or a model) runs, below a job that holds secrets; gives what it printed. */
export async function attack({
  script,
  kind = 'training',
  policy = {},
  show = [],
  operator = {},
  secret = [],
  python = venvProgram('python'),
  timeoutMs = 60_000,
}: Attack) {
  const temp = mkdtempSync(path.join(tmpdir(), 'trainyard-attack-'));
  const lines: string[] = [];
  try {
    const box = await openBox({
      ...{ kind, env: { ...env, ...operator }, python, runtime: path.join(ROOT, 'runtime') },
      ...{ policy: { ...POLICY, ...policy }, onLine: (line) => lines.push(line) },
    });
    const write = kind === 'training' ? [workspace] : [];
    const command = ['sh', '-c', script];
    const boxed = { command, cwd: kind === 'training' ? workspace : '/', temp, show, write };
    const entered = box.enter(boxed);
    // A model's box is entered by our Python, which says the rest.
    const { show: shown } = box.specify(secret);
    const spec = JSON.stringify({ ...box.specify(secret), ...boxed, show: shown });
    const end = await runProcess({
      ...entered,
      ...(kind === 'model' && { args: [...entered.args.slice(0, -1), spec] }),
      cwd: '/',
      // As the job gives them on: what it holds itself is not in the list.
      env: { ...listedVariables({ ...env, ...operator }, kind), HOME: box.home(temp) },
      timeoutMs,
    });
    return {
      ...end,
      said: [...end.stdout, ...end.stderr].join('\n'),
      level: lines.join('\n'),
      handedOn: box.level,
    };
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}
