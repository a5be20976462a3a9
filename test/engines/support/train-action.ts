import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tellLines } from '../../../adapters/run-command.ts';
import { ROOT, venvProgram } from '../../../sandbox/checkout.ts';

/** A train job to start. */
type Job = {
  /** The checkout of the commit, with its trainyard.yml. */
  readonly workspace: string;
  /** The folder of the runner. */
  readonly temp: string;
  readonly correlationId: string;
  /** What plan hands over of the default branch's word, beside what it always does. */
  readonly box?: Readonly<Record<string, unknown>>;
  /** Variables of the runner. */
  readonly env?: Readonly<Record<string, string>>;
};

/** A train job that runs. */
export type StartedJob = {
  /** What it has printed so far. */
  readonly lines: readonly string[];
  /** As the runner cancels a job. */
  readonly cancel: () => void;
  readonly ended: Promise<{
    readonly code: number | null;
    readonly outputs: Readonly<Record<string, string>>;
  }>;
};

/** Starts the train action in a process of its own, as a runner does: with its inputs and files in the environment. */
export function startTrainAction({ workspace, temp, correlationId, box = {}, env = {} }: Job): StartedJob {
  mkdirSync(temp, { recursive: true });
  const output = path.join(temp, `output-${correlationId}`);
  writeFileSync(output, '');
  const main = path.join(ROOT, 'actions', 'train', 'main.ts');
  const program = `const { main } = await import(${JSON.stringify(main)}); await main(${JSON.stringify(ROOT)});`;
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', program],
    {
      cwd: workspace,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...{ PATH: process.env['PATH'], HOME: process.env['HOME'], LANG: 'C.UTF-8' },
        ...variablesOfMachine(),
        ...{ GITHUB_WORKSPACE: workspace, RUNNER_TEMP: temp, GITHUB_OUTPUT: output },
        ...{ GITHUB_REPOSITORY: 'acme/tiny', GITHUB_SERVER_URL: 'https://github.test', GITHUB_ACTOR: 'ann' },
        INPUT_PLAN: JSON.stringify(planOf(correlationId, box)),
        INPUT_CONFIG: 'trainyard.yml',
        INPUT_PYTHON: venvProgram('python'),
        ...env,
      },
    },
  );
  const lines: string[] = [];
  const told = [child.stdout, child.stderr].map((stream) => tellLines(stream, (line) => lines.push(line)));
  const ended = once(child, 'exit').then(async () => {
    await Promise.all(told);
    return { code: child.exitCode, outputs: readOutputs(readFileSync(output, 'utf8')) };
  });
  return { lines, cancel: () => child.kill('SIGINT'), ended };
}

/** How this machine reaches an index of packages. */
function variablesOfMachine(): Readonly<Record<string, string | undefined>> {
  const named = /^(?:PIP|UV)_|^(?:https?_proxy|no_proxy|SSL_CERT_FILE|REQUESTS_CA_BUNDLE)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => named.test(name)));
}

function planOf(correlationId: string, box: Readonly<Record<string, unknown>>) {
  return {
    ...{ schema_version: 1, action: 'plan', decision: 'continue', operation: 'train', model: 'tiny' },
    ...{ sha: 'a'.repeat(40), parameters: {}, correlationId, dryRun: false, actor: 'ann' },
    cause: { kind: 'manual', id: correlationId },
    box: { require: false, timeoutSeconds: 3_600, variables: [], inputs: [], docker: false, ...box },
    nonce: 'n'.repeat(64),
  };
}

/** The file of a step's outputs: `name<<MARK`, the value's lines, `MARK`. */
function readOutputs(text: string): Readonly<Record<string, string>> {
  const found = text.matchAll(/^(?<name>[\w-]+)<<(?<mark>\S+)\n(?<value>[\s\S]*?)\n\k<mark>$/gm);
  return Object.fromEntries(
    [...found].map(({ groups }) => [groups?.['name'] ?? '', groups?.['value'] ?? '']),
  );
}
