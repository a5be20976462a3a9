import { dirname, join } from 'node:path';
import { bodyVariables, type Launch } from '../runtime.ts';

/** Of the agent's own environment, what a model server needs (which GPUs are its host's among it); nothing else, so that no token reaches user code. */
const PASSED_ON = [
  ...['CUDA_DEVICE_ORDER', 'CUDA_VISIBLE_DEVICES'],
  ...['LANG', 'LC_ALL', 'TZ', 'LD_LIBRARY_PATH', 'OMP_NUM_THREADS', 'MKL_NUM_THREADS'],
];

type Served = Pick<Launch, 'workFolder' | 'captureFolder' | 'captureSeconds' | 'model' | 'version'> & {
  readonly manifest: { readonly serving: Pick<Launch['manifest']['serving'], 'gpu'> };
};

/** The environment of a TorchServe: of `env`, the agent's own, what it needs, and where its folders and programs are. */
export function serverVariables(
  {
    env,
    python,
    maxBodyBytes,
  }: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly python: string;
    readonly maxBodyBytes: number;
  },
  launch: Served,
): Readonly<Record<string, string>> {
  const passed = PASSED_ON.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(passed),
    // TorchServe starts its workers as `python3` from PATH.
    PATH: `${dirname(python)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: join(launch.workFolder, 'tmp'),
    TMPDIR: join(launch.workFolder, 'tmp'),
    LOG_LOCATION: join(launch.workFolder, 'logs'),
    METRICS_LOCATION: join(launch.workFolder, 'logs'),
    PYTHONDONTWRITEBYTECODE: '1',
    TRAINYARD_CAPTURE_DIR: launch.captureFolder,
    ...bodyVariables(maxBodyBytes),
    TRAINYARD_CAPTURE_SECONDS: String(launch.captureSeconds),
    TRAINYARD_MODEL: launch.model,
    TRAINYARD_VERSION: launch.version,
    ...(launch.manifest.serving.gpu === 'none' && { CUDA_VISIBLE_DEVICES: '' }),
  };
}
