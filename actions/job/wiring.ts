import { mkdtempSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '../../adapters/clock.ts';
import { dockerCli } from '../../adapters/images/docker-cli.ts';
import { defaultBaseImage, packAsImage } from '../../adapters/images/package.ts';
import { readPipSettings } from '../../adapters/images/pip.ts';
import { loadConfig, readConfigText } from '../../adapters/load-config.ts';
import { withoutSecrets } from '../../adapters/mlflow/project.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { createPythonRuntime } from '../../adapters/python-runtime.ts';
import { runProcess } from '../../adapters/run-process.ts';
import type { Config } from '../../core/config/config.ts';
import { type ParseOptions, parseConfig } from '../../core/config/parse-config.ts';
import { type Problem, UserError } from '../../core/errors.ts';
import type { GitHub, Ledger, Log, PythonRuntime, Tracking } from '../../core/ports.ts';
import type { Result } from '../../core/result.ts';
import type { Host } from './host.ts';

/** Who the ledger's commits are by. */
const AUTHOR = { name: 'trainyard', email: 'trainyard@users.noreply.github.com' };

/** The configuration in the workspace. Rejects with a UserError that holds all its problems, each at its place. */
export async function readConfig({ workspace, env }: Host, file: string): Promise<Config> {
  return accept(file, await loadConfig(workspace, file, withoutSecrets(env)));
}

/** The same, and the text it was read from; variables of sections that are not in `needs` may be missing. Rejects likewise. */
export async function readConfigAndText(
  { workspace, env }: Host,
  file: string,
  options: ParseOptions,
): Promise<{ readonly config: Config; readonly text: string }> {
  const text = accept(file, await readConfigText(workspace, file));
  return { config: accept(file, parseConfig(text, { file, env: withoutSecrets(env), ...options })), text };
}

function accept<T>(file: string, read: Result<T, readonly Problem[]>): T {
  if (read.ok) return read.value;
  const [first, ...rest] = read.error;
  if (first === undefined) throw new Error(`${file} was refused without a reason.`);
  throw new UserError([first, ...rest]);
}

/** MLflow at the configured address, signed in as MLflow's own clients would. */
export function connectTracking({ env }: Host, config: Config): Tracking {
  const {
    MLFLOW_TRACKING_USERNAME: username,
    MLFLOW_TRACKING_PASSWORD: password,
    MLFLOW_TRACKING_TOKEN: token,
  } = env;
  const options = {
    uri: config.tracking.uri,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(token !== undefined && { token }),
  };
  return createMlflow(options, systemClock);
}

/** The API of the repository the workflow runs in. Its client is evaluated only here: not every job needs it, and it takes long. */
export async function connectGitHub(host: Host, token: string, log: Log): Promise<GitHub> {
  const { createGitHub } = await import(/* webpackMode: "eager" */ '../../adapters/github.ts');
  return createGitHub({
    apiUrl: host.apiUrl,
    repository: host.workflow.repository,
    token,
    logUrl: host.runUrl,
    onWarning: log.warn,
  });
}

/** The ledger branch of the repository: of the checkout's origin, or else of the server's address of it. */
export async function connectLedger(host: Host, token: string): Promise<Ledger> {
  const origin = await readOrigin(host.workspace);
  const { createGitLedger } = await import(/* webpackMode: "eager" */ '../../adapters/git/ledger.ts');
  const remote = origin ?? `${host.serverUrl}/${host.workflow.repository}.git`;
  return createGitLedger({
    remote,
    checkout: host.workspace,
    clock: systemClock,
    author: AUTHOR,
    dir: tempFolder(host, 'ledger'),
    ...(token !== '' && { token }),
  });
}

/** The Python that runs beside models; `root` is the folder of this checkout of Trainyard. */
export function connectPython(
  host: Host,
  config: Config,
  options: {
    readonly python: string;
    readonly root: string;
    readonly log: Log;
    readonly signal: AbortSignal;
  },
): PythonRuntime {
  return createPythonRuntime({
    python: options.python,
    runtime: path.join(options.root, 'runtime'),
    cwd: host.workspace,
    env: host.env,
    trackingUri: config.tracking.uri,
    onLine: options.log.info,
    signal: options.signal,
  });
}

/** Container images by docker's own command line, when the configuration names a repository for them. */
export function connectImages(
  { env, workspace }: Host,
  { serving }: Config,
  options: {
    readonly python: string;
    readonly root: string;
    readonly log: Log;
    readonly signal: AbortSignal;
  },
): { readonly packAsImage?: (folder: string) => Promise<string> } {
  const { repository, image, requirements } = serving;
  if (repository === undefined) return {};
  const template = path.join(options.root, 'runtime', 'image');
  const network = env['TRAINYARD_BUILD_NETWORK'];
  const { signal } = options;
  return {
    packAsImage: async (folder) => {
      const docker = dockerCli({ env, signal, onLine: options.log.info });
      const pip = await readPipSettings(env, options.python);
      const settings = {
        repository,
        base: image ?? (await defaultBaseImage(options.python, env)),
        requirements: path.resolve(workspace, requirements ?? path.join(template, 'requirements.txt')),
      };
      return packAsImage(
        { docker, template, pip, ...(network !== undefined && { network }) },
        settings,
        folder,
      );
    },
  };
}

/** A fresh folder that lives as long as the job. */
export function tempFolder({ temp }: Host, name: string): string {
  return mkdtempSync(path.join(temp, `trainyard-${name}-`));
}

/** Files in one temporary folder of the job. */
export function createScratch(host: Host) {
  const folder = tempFolder(host, 'files');
  const tempPath = (name: string) => path.join(folder, name);
  return {
    folder,
    tempPath,
    readText: (file: string) => readFile(file, 'utf8'),
    writeTemp: async (name: string, text: string) => {
      await writeFile(tempPath(name), text);
      return tempPath(name);
    },
  };
}

async function readOrigin(workspace: string): Promise<string | undefined> {
  const end = await runProcess({
    command: 'git',
    args: ['-C', workspace, 'config', '--get', 'remote.origin.url'],
    cwd: workspace,
    env: process.env,
    timeoutMs: 10_000,
  });
  const [address] = end.stdout;
  return end.code === 0 && address !== undefined && address !== '' ? address : undefined;
}
