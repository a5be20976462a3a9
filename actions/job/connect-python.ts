import path from 'node:path';
import { dockerCli } from '../../adapters/images/docker-cli.ts';
import { defaultBaseImage, packAsImage } from '../../adapters/images/package.ts';
import { readPipSettings } from '../../adapters/images/pip.ts';
import { createPythonRuntime } from '../../adapters/python-runtime.ts';
import type { Config } from '../../core/config/config.ts';
import type { Log } from '../../core/ports.ts';
import type { PythonRuntime } from '../../core/python-port.ts';
import { findPython } from './find-python.ts';
import type { Host } from './host.ts';

/** What a job that runs the model's Python works with; `root` is the folder of this checkout of Trainyard. */
type PythonJob = {
  readonly python: string;
  readonly root: string;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/** The Python that runs beside models. */
export function connectPython(host: Host, config: Config, options: PythonJob): PythonRuntime {
  return createPythonRuntime({
    python: findPython(host.workspace, options.python),
    runtime: path.join(options.root, 'runtime'),
    workspace: host.workspace,
    env: host.childEnv(),
    policy: config.box,
    environment: config.models.environment,
    trackingUri: config.tracking.uri,
    onLine: options.log.info,
    signal: options.signal,
  });
}

/** Container images by docker's own command line, when the configuration names a repository for them. */
export function connectImages(
  { env, workspace, run }: Host,
  { serving }: Config,
  options: PythonJob,
): { readonly packAsImage?: (folder: string) => Promise<string> } {
  const { repository, image, requirements } = serving;
  if (repository === undefined) return {};
  const template = path.join(options.root, 'runtime', 'image');
  const network = env['TRAINYARD_BUILD_NETWORK'];
  const { signal } = options;
  const python = findPython(workspace, options.python);
  return {
    packAsImage: async (folder) => {
      const docker = dockerCli({ env, signal, run, onLine: options.log.info });
      const pip = await readPipSettings(env, python, run);
      const settings = {
        repository,
        base: image ?? (await defaultBaseImage(python, env, run)),
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
