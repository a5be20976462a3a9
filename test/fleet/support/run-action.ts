import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ActionName } from '../../../actions/job/contract.ts';

/** How a job of one built action ended. */
export type JobEnd = {
  readonly status: number | null;
  readonly log: string;
  readonly summary: string;
  readonly outputs: Readonly<Record<string, string>>;
};

export type JobRequest = {
  readonly action: ActionName;
  readonly inputs: Readonly<Record<string, string>>;
  /** Variables of the job, beside those of the files it writes. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
};

/** Runs the built action as a runner would: inputs by environment, outputs and summary by file. */
export async function runAction({ action, inputs, env, folder }: JobRequest): Promise<JobEnd> {
  mkdirSync(folder, { recursive: true });
  const temp = mkdtempSync(join(folder, `${action}-`));
  const [output, summary] = [join(temp, 'output'), join(temp, 'summary')];
  for (const file of [output, summary]) writeFileSync(file, '');
  const given = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  const child = spawn(process.execPath, [resolve('actions', 'dist', `${action}.mjs`)], {
    env: {
      PATH: process.env['PATH'],
      RUNNER_TEMP: temp,
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
      ...env,
      ...Object.fromEntries(given),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  await once(child, 'exit');
  return {
    status: child.exitCode,
    log: (await said).join(''),
    summary: readFileSync(summary, 'utf8'),
    outputs: readOutputs(readFileSync(output, 'utf8')),
  };
}

function readOutputs(written: string): Readonly<Record<string, string>> {
  const pattern = /^(?<name>[\w-]+)<<(?<end>\S+)\n(?<value>[\s\S]*?)\n\k<end>$/gm;
  return Object.fromEntries(
    [...written.matchAll(pattern)].map(({ groups }) => [groups?.['name'] ?? '', groups?.['value'] ?? '']),
  );
}
