import type { Remote } from '../../core/training/remote.ts';
import type { RemoteEngine } from './engine.ts';

/** As Ray tells how a job ended; its own program ends with 1 for all that fail. */
const ENDED = /Job entrypoint command failed with exit code (?<code>\d+)/;

/** Ray: `ray job submit` takes the job to the cluster's dashboard, and follows its log until it ends. */
export function createRay({
  address,
  gpus,
  cpus,
  memoryBytes,
}: Extract<Remote, { kind: 'ray' }>): RemoteEngine {
  const asked = Object.entries({ 'num-gpus': gpus, 'num-cpus': cpus, memory: memoryBytes }).flatMap(
    ([name, value]) => (value === undefined ? [] : [`--entrypoint-${name}=${value}`]),
  );
  const to = ['--address', address, '--log-style=record', '--log-color=false'];
  return {
    submit: ({ name, command, cwd, variablesFile }) => [
      ...(['ray', 'job', 'submit'] as const),
      ...[...to, '--submission-id', name, '--runtime-env', variablesFile, ...asked],
      // Ray starts a job in a folder of its own.
      ...['--', 'env', `--chdir=${cwd}`, ...command],
    ],
    cancel: ({ name }) => ['ray', 'job', 'stop', ...to, '--no-wait', name],
    codeOf: ({ code, stdout, stderr }) => {
      const said = [...stdout, ...stderr].findLast((line) => ENDED.test(line));
      const own = said === undefined ? undefined : ENDED.exec(said)?.groups?.['code'];
      return code === 0 || own === undefined ? code : Number(own);
    },
  };
}
