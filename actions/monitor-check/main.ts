import path from 'node:path';
import { systemClock } from '../../adapters/clock.ts';
import { signDispatch } from '../../adapters/dispatch-signature.ts';
import { createSaveFile } from '../../adapters/save-file.ts';
import { createWebhook } from '../../adapters/webhook.ts';
import type { Config } from '../../core/config/config.ts';
import { defaultEnvironment } from '../../core/config/config.ts';
import type { SendNotice } from '../../core/monitor/notice/notice.ts';
import { SECRETS } from '../../core/names.ts';
import { secretOf } from '../../core/serving/secret-of.ts';
import { authorOf } from '../job/author.ts';
import { CONTRACTS } from '../job/contract.ts';
import { readPlan } from '../job/handoff.ts';
import { runAction } from '../job/harness.ts';
import type { Host } from '../job/host.ts';
import { requireEnvironment } from '../job/require-environment.ts';
import { connectGitHub, connectLedger, connectTracking, readConfig } from '../job/wiring.ts';
import { attestWith } from '../serving/attest.ts';
import { linkLedger } from '../serving/link-ledger.ts';
import { connectAgents, connectPackages } from '../serving/wiring.ts';
import { monitorCheck } from './monitor-check.ts';

/** The monitor-check action: what the hosts of one environment saw. */
export function main(): Promise<void> {
  return runAction(CONTRACTS['monitor-check'], async ({ inputs, host, log }) => {
    const plan = inputs.plan === '' ? undefined : readPlan(inputs.plan);
    const config = await readConfig(host, inputs.config);
    const { workflow, actor, runUrl, env } = host;
    const named = inputs.environment || plan?.environment || defaultEnvironment(config);
    const chosen = requireEnvironment(config, named, inputs.config);
    const tracking = await connectTracking(host, config);
    const token = inputs['github-token'];
    const secret = env[SECRETS.dispatchSecret] ?? '';
    const cause = { kind: 'schedule', id: `schedule-${workflow.run}` } as const;
    const author = plan ? authorOf(plan, host) : { model: config.model, actor, cause, workflow };
    const { ledger, agents } = linkLedger(
      await connectLedger(host, token, { log, seen: plan?.ledger }),
      connectAgents(host, chosen),
    );
    return monitorCheck({
      request: { config, ...chosen, author, runUrl },
      ports: {
        ledger,
        tracking,
        agents,
        packages: connectPackages(host, tracking),
        attest: attestWith(host, chosen.environmentName),
        github: await connectGitHub(host, token, log),
        clock: systemClock,
        saveFile: createSaveFile(path.join(host.temp, 'trainyard-monitor')),
        log,
        sendNotice: connectWebhook(host, config, chosen.environmentName),
        sign: (type, payload) => signDispatch(secret, type, payload),
      },
    });
  });
}

/** The service that the environment's webhook leads to, where there is one. */
function connectWebhook(
  { env, fetch }: Host,
  { monitor }: Config,
  environment: string,
): SendNotice | undefined {
  const address = secretOf(env[SECRETS.webhook] ?? '', environment);
  if (address === undefined || address === '') return undefined;
  return createWebhook(address, monitor.notify, { fetch });
}
