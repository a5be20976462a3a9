import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { findCheckout } from '../../adapters/git/describe-checkout.ts';
import { tellLines } from '../../adapters/run-command.ts';
import { UserError } from '../../core/errors.ts';
import type { Given } from '../command.ts';
import type { Surroundings } from '../surroundings.ts';

/** What the sandbox is made of, by what it is called and where a checkout has it once it is installed. */
const PARTS: Readonly<Record<string, string>> = {
  'the sandbox’s sources': 'scripts/sandbox.ts',
  'Node 24': 'node_modules/.bin/node',
  'the schema of GitHub’s API': 'node_modules/@octokit/openapi/package.json',
  act: '.trainyard/venv/bin/act',
  'MLflow and TorchServe': '.trainyard/venv/bin/mlflow',
};

/** Runs the sandbox of a repository until it is told to stop. Gives the exit code. */
export async function runSandbox(given: Given, { cwd, root, env, print }: Surroundings): Promise<number> {
  const asked = path.resolve(cwd, given.text('repo') ?? '.');
  const folder = await findCheckout(asked);
  if (folder === undefined)
    throw new UserError([
      {
        code: 'no-repository',
        message: `${asked} is in no git repository.`,
        remedy: 'Name one with --repo.',
      },
    ]);
  const checkout = path.resolve(cwd, given.text('checkout') ?? root);
  const missing = Object.entries(PARTS).filter(([, file]) => !existsSync(path.join(checkout, file)));
  if (missing.length > 0)
    throw incomplete(
      checkout,
      missing.map(([name]) => name),
    );
  const requirements = given.list('requirements').map((file) => path.resolve(cwd, file));
  const absent = requirements.filter((file) => !existsSync(file));
  if (absent.length > 0)
    throw new UserError([
      {
        code: 'no-requirements',
        message: `There is no ${absent.join(', ')}.`,
        remedy: 'Name the file of your project’s requirements with --requirements.',
      },
    ]);
  return follow({ checkout, folder, requirements, env, print });
}

/** What was started ends all of its parts in order when it is told to, however long that takes. */
async function follow({
  checkout,
  folder,
  requirements,
  env,
  print,
}: Pick<Surroundings, 'env' | 'print'> & {
  readonly checkout: string;
  readonly folder: string;
  readonly requirements: readonly string[];
}): Promise<number> {
  const script = path.join(checkout, 'scripts', 'sandbox.ts');
  const child = spawn(
    path.join(checkout, 'node_modules', '.bin', 'node'),
    [
      '--disable-warning=ExperimentalWarning',
      script,
      '--repo',
      folder,
      ...requirements.flatMap((file) => ['--requirements', file]),
    ],
    { cwd: checkout, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ended = once(child, 'close');
  // The sandbox is in a session of its own, so that a terminal that is closed tells this process alone.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => child.kill('SIGTERM'));
  await Promise.all([tellLines(child.stdout, print.line), tellLines(child.stderr, print.trouble), ended]);
  return child.exitCode ?? 1;
}

function incomplete(checkout: string, missing: readonly string[]): UserError {
  const message = `The sandbox is missing ${missing.join(', ')} in ${checkout}.`;
  const remedy =
    'Clone https://github.com/trainyard/trainyard, run `npm run setup` there, which installs them, ' +
    'and name that clone with --checkout.';
  return new UserError([{ code: 'sandbox-incomplete', message, remedy }]);
}
