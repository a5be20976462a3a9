import { livesOn } from '../../adapters/box/lives-on.ts';
import type { Log } from '../../core/ports.ts';
import type { Plan } from '../job/handoff.ts';

/** Warns where the code of a pull request is about to run on a runner that takes other jobs after it. */
export async function warnOfRunner(
  { pullRequest }: Pick<Plan, 'pullRequest'>,
  env: Readonly<Record<string, string | undefined>>,
  log: Pick<Log, 'warn'>,
): Promise<void> {
  if (pullRequest === undefined || (await livesOn(env)) !== true) return;
  log.warn(
    `The code of pull request ${pullRequest} runs on a runner that takes other jobs after it: what gets out of its box meets them. Register runners for one job (config.sh --ephemeral, or runner/run-jobs.sh of Trainyard); docs/runners.md says what is at risk.`,
  );
}
