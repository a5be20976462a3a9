import type { Remote } from '../../core/training/remote.ts';
import type { JobLog, RemoteEngine } from './engine.ts';
import { carryJob, ENTRYPOINT } from './ray-entrypoint.ts';

/** As Ray tells how a job ended, by the code that Python has for it: below 0 is a signal. */
const ENDED = /(?:^| )Status message: Job entrypoint command failed with exit code (?<code>-?\d+)/;
/** Shells add this to the number of a signal. */
const BY_SIGNAL = 128;

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
    submit: ({ name, variablesFile }) => [
      ...(['ray', 'job', 'submit'] as const),
      ...[...to, '--submission-id', name, '--runtime-env', variablesFile, ...asked],
      ...['--', ...ENTRYPOINT],
    ],
    settings: (job, variables) => ({ env_vars: carryJob(job, variables) }),
    cancel: ({ name }) => ['ray', 'job', 'stop', ...to, '--no-wait', name],
    follow: ({ name }) => followJob(name),
  };
}

/**
 * Ray's own program ends with 0 for a job that was stopped or is still at work when its log breaks off, before Ray 2.7 for every job,
 * and with 1 for all that fail. So what it says at the end counts.
 */
function followJob(name: string): JobLog {
  let told: 'nothing' | 'succeeded' | 'failed' = 'nothing';
  let own: number | undefined;
  return {
    onLine: (line) => {
      if (line.endsWith(`Job '${name}' succeeded`)) told = 'succeeded';
      if (line.endsWith(`Job '${name}' failed`)) told = 'failed';
      // The job may have said the like of itself before.
      if (line.endsWith(`Job '${name}' was stopped`) || line.includes(`Status for job '${name}': `))
        told = 'nothing';
      // The last of the job's log follows, and may look like it.
      if (told !== 'failed' || own !== undefined) return;
      const code = ENDED.exec(line)?.groups?.['code'];
      if (code !== undefined) own = Number(code);
    },
    codeOf: (code) => {
      if (code === 0) return told === 'succeeded' ? 0 : shellCode(own);
      return told === 'failed' ? (shellCode(own) ?? code) : code;
    },
  };
}

function shellCode(code: number | undefined): number | undefined {
  return code !== undefined && code < 0 ? BY_SIGNAL - code : code;
}
