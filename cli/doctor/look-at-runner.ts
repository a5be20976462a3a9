import { runCommand } from '../../adapters/run-command.ts';
import { type Checked, errors, errorsOf, fine } from '../../core/check/checked.ts';
import type { Surroundings } from '../surroundings.ts';

const TIMEOUT_MS = 60_000;
/** What the runtime needs beside the model's own packages. */
const PACKAGES = ['mlflow', 'numpy', 'pyarrow'];
/** Prints a line per package: its version, or nothing where it is not there. */
const ASK = `import importlib.metadata as m, sys
print('python', sys.version.split()[0])
for name in sys.argv[1:]:
    try: print(name, m.version(name))
    except m.PackageNotFoundError: print(name)`;

/** Whether this machine has what jobs run with: git, and a Python with the packages of the runtime. */
export async function lookAtRunner(python: string, { env }: Surroundings): Promise<readonly Checked[]> {
  const git = await run('git', ['--version'], env);
  const asked = await run(python, ['-c', ASK, ...PACKAGES, 'mlflow-skinny'], env);
  return [...git, ...asked.flatMap((one) => (one.kind === 'fine' ? judge(python, one.text) : [one]))];
}

function judge(python: string, text: string): readonly Checked[] {
  const found = new Map(text.split('\n').map((line) => [line.split(' ')[0] ?? '', line.split(' ')[1]]));
  if (found.get('mlflow') === undefined) found.set('mlflow', found.get('mlflow-skinny'));
  const missing = PACKAGES.filter((name) => found.get(name) === undefined);
  const has = ['python', ...PACKAGES].filter((name) => found.get(name) !== undefined);
  if (missing.length === 0) return [fine(python, has.map((name) => `${name} ${found.get(name)}`).join(', '))];
  const message = `${python} has no ${missing.join(', ')}.`;
  const remedy = `Run \`${python} -m pip install ${missing.join(' ')}\`, or name the Python of the model's environment with --python and in the input \`python\`.`;
  return errors(python, [{ code: 'packages-missing', message, remedy }]);
}

async function run(
  command: string,
  args: readonly string[],
  env: Surroundings['env'],
): Promise<readonly Checked[]> {
  try {
    const { code, stdout, stderr } = await runCommand({ command, args, env, timeoutMs: TIMEOUT_MS });
    if (code === 0) return [fine(command, Buffer.from(stdout).toString('utf8').trim())];
    const problem = {
      code: 'command-failed',
      message: `${command} ended with ${code}: ${stderr.trim()}`,
      remedy: 'Mend its installation.',
    };
    return errors(command, [problem]);
  } catch (thrown) {
    return errorsOf(command, thrown);
  }
}
