import type { Remote } from '../../core/training/remote.ts';
import type { RemoteEngine, RemoteJob } from './engine.ts';

const MIB = 1024 ** 2;

/** Slurm: `srun` waits for the job, prints what it prints, and ends with its code. */
export function createSlurm({
  partition,
  account,
  qos,
  gpus,
  cpus,
  memoryBytes,
}: Extract<Remote, { kind: 'slurm' }>): RemoteEngine {
  const asked = Object.entries({
    partition,
    account,
    qos,
    gpus,
    'cpus-per-task': cpus,
    mem: memoryBytes === undefined ? undefined : `${Math.ceil(memoryBytes / MIB)}M`,
  }).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]));
  return {
    submit: ({ name, command, cwd, timeoutSeconds }) => [
      'srun',
      ...[`--job-name=${name}`, '--ntasks=1', `--chdir=${cwd}`],
      // The cluster ends it by itself where nobody is left to.
      `--time=${Math.ceil(timeoutSeconds / 60)}`,
      ...['--unbuffered', '--kill-on-bad-exit=1', '--export=ALL', '--input=none'],
      ...asked,
      '--',
      ...command,
    ],
    cancel: ({ name }: RemoteJob) => ['scancel', '--quiet', `--name=${name}`],
    follow: () => ({ onLine: () => undefined, codeOf: (code) => code }),
  };
}
