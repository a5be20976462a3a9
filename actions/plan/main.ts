import path from 'node:path';
import { systemClock } from '../../adapters/clock.ts';
import { verifyDispatch } from '../../adapters/dispatch-signature.ts';
import type { Config } from '../../core/config/config.ts';
import { findDefaultBranch } from '../../core/plan/describe-event.ts';
import type { Log } from '../../core/ports.ts';
import { CONTRACTS } from '../job/contract.ts';
import { runAction } from '../job/harness.ts';
import type { Host } from '../job/host.ts';
import { connectGitHub, connectLedger, readConfigAndText } from '../job/wiring.ts';
import { connectAgents } from '../serving/wiring.ts';
import { forecastRollout } from './forecast-rollout.ts';
import { type PlanPorts, plan } from './plan.ts';

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
        // A schedule's event may not name it; the branch it runs for is the default one.
        defaultBranch: findDefaultBranch(payload) ?? host.env['GITHUB_REF_NAME'] ?? 'main',
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
        forecast: connectForecast(host, config, log),
      },
    );
  });
}

/** Asks the hosts of an environment, and nobody where there is no such environment. */
function connectForecast(host: Host, config: Config, log: Log): PlanPorts['forecast'] {
  return async (name) => {
    const environment = config.environments[name];
    if (environment === undefined) return undefined;
    const agents = connectAgents(host, environment);
    const { model } = config;
    return forecastRollout({ agents, model, plan: environment.rollout, now: systemClock.now(), log });
  };
}
