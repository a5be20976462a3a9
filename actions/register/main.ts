import { systemClock } from '../../adapters/clock.ts';
import { openBundle, readBundleKeys } from '../../adapters/signing/model-bundle.ts';
import { authorOf } from '../job/author.ts';
import { CONTRACTS } from '../job/contract.ts';
import { readHandedOn, readPlan } from '../job/handoff.ts';
import { runAction } from '../job/harness.ts';
import { commentOnPlan } from '../job/thread-comment.ts';
import { connectLedger, connectTracking, readConfig } from '../job/wiring.ts';
import { register } from './register.ts';
import type { OpenBundle } from './require-signed-model.ts';

/** The register action: a version for the run that passed its gate. */
export function main(): Promise<void> {
  return runAction(CONTRACTS.register, async (job) => {
    const { inputs, host, log } = job;
    const plan = readPlan(inputs.plan);
    const token = inputs['github-token'];
    commentOnPlan(job, plan, { token });
    const config = await readConfig(host, inputs.config);
    return register(
      { plan, config, runId: readHandedOn('run-id', inputs['run-id']), author: authorOf(plan, host) },
      {
        tracking: await connectTracking(host, config),
        ledger: await connectLedger(host, token, { log, seen: plan.ledger }),
        clock: systemClock,
        log,
        openBundle: openWith(inputs['signed-by']),
      },
    );
  });
}

/** Opens bundles that one of these public keys has made; `undefined` without keys. A UserError where one is of another kind. */
function openWith(modelKeys: string): OpenBundle | undefined {
  if (modelKeys.trim() === '') return undefined;
  const keys = readBundleKeys(modelKeys);
  return (text) => openBundle(text, keys);
}
