import path from 'node:path';
import { systemClock } from '../../adapters/clock.ts';
import { verifyDispatch } from '../../adapters/dispatch-signature.ts';
import type { Config } from '../../core/config/config.ts';
import type { Log } from '../../core/ports.ts';
import { CONTRACTS } from '../job/contract.ts';
import { runAction } from '../job/harness.ts';
import type { Host } from '../job/host.ts';
import { connectGitHub, connectLedger, readConfigAndText } from '../job/wiring.ts';
import { connectAgents } from '../serving/wiring.ts';
import { forecastRollout } from './forecast-rollout.ts';
import { plan } from './plan.ts';
import { readDefaultBranch } from './read-default-branch.ts';

/** Plan talks to no tracking server and no search storage, so it needs none of their addresses. */
const NEEDS = ['model', 'project', 'data', 'gate', 'serving', 'environments', 'monitor', 'commands'] as const;

/** The plan action: what the event asks for. */
export function main(): Promise<void> {
  return runAction(CONTRACTS.plan, async ({ inputs, host, log }) => {
    const { eventName, payload, actor, workflow, runUrl } = host;
    const token = inputs['github-token'];
    const secret = inputs['dispatch-secret'];
    const { config, text } = await readConfigAndText(host, inputs.config, { needs: NEEDS });
    return plan(
      {
        ...{ eventName, payload, actor, workflow, runUrl },
        repository: workflow.repository,
        defaultBranch: readDefaultBranch(payload, host),
        sha: workflow.sha,
        runId: workflow.run,
        attempt: workflow.attempt,
        config,
        policy: { file: path.posix.normalize(inputs.config), text },
        ...(secret !== '' && { verifySignature: (type, report) => verifyDispatch(secret, type, report) }),
      },
      {
        ledger: await connectLedger(host, token),
        github: token === '' ? undefined : await connectGitHub(host, token, log),
        clock: systemClock,
        log,
        forecast: (environment) => forecastFor(host, config, environment, log),
      },
    );
  });
}

async function forecastFor(
  host: Host,
  config: Config,
  name: string,
  log: Log,
): ReturnType<typeof forecastRollout> {
  const environment = config.environments[name];
  if (environment === undefined) return undefined;
  const agents = connectAgents(host, environment);
  const request = { agents, model: config.model, plan: environment.rollout, now: systemClock.now(), log };
  return forecastRollout(request);
}
