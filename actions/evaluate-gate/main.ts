import path from 'node:path';
import { systemClock } from '../../adapters/clock.ts';
import { hashFile, hashText } from '../../adapters/data-digest.ts';
import { readPredictions } from '../../adapters/read-predictions.ts';
import { authorOf } from '../author.ts';
import { CONTRACTS } from '../contract.ts';
import { readPlan } from '../handoff.ts';
import { runAction } from '../harness.ts';
import { commentOnPlan } from '../pull-request-comment.ts';
import { connectLedger, connectPython, connectTracking, createScratch, readConfig } from '../wiring.ts';
import { evaluateGate } from './evaluate-gate.ts';

/** The evaluate-gate action: predictions of both models, the verdict, or both. */
export function main(root: string): Promise<void> {
  return runAction(CONTRACTS['evaluate-gate'], async (job) => {
    const { inputs, host, log } = job;
    const plan = readPlan(inputs.plan);
    const token = inputs['github-token'];
    if (inputs.phase !== 'predict') commentOnPlan(job, plan, token);
    const config = await readConfig(host, inputs.config);
    return evaluateGate(
      inputs.phase,
      { plan, config, configFile: inputs.config, runId: inputs['run-id'], author: authorOf(plan, host) },
      {
        tracking: connectTracking(host, config),
        ledger: await connectLedger(host, token),
        clock: systemClock,
        log,
        python: connectPython(host, config, { ...job, python: inputs.python, root }),
        hashFile: (file) => hashFile(path.resolve(host.workspace, file)),
        hashText,
        readPredictions,
        ...createScratch(host),
      },
    );
  });
}
