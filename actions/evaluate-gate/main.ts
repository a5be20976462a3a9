import path from 'node:path';
import { systemClock } from '../../adapters/clock.ts';
import { hashFile, hashText } from '../../adapters/data-digest.ts';
import { findCommit, isOfCommit } from '../../adapters/git/find-commit.ts';
import { readExamples } from '../../adapters/holdout/read-examples.ts';
import { readHoldout } from '../../adapters/holdout/read-holdout.ts';
import { readAnswers, readExplanation, readSteps } from '../../adapters/read-answers.ts';
import { authorOf } from '../job/author.ts';
import { connectPython } from '../job/connect-python.ts';
import { CONTRACTS } from '../job/contract.ts';
import { readPlan } from '../job/handoff.ts';
import { runAction } from '../job/harness.ts';
import { connectFetch } from '../job/programs/connect-fetch.ts';
import { commentOnPlan } from '../job/thread-comment.ts';
import { connectLedger, connectTracking, createScratch, readConfig } from '../job/wiring.ts';
import { evaluateGate } from './evaluate-gate.ts';

/** The evaluate-gate action: predictions of both models, the verdict, or both. */
export function main(root: string): Promise<void> {
  return runAction(CONTRACTS['evaluate-gate'], async (job) => {
    const { inputs, host, log } = job;
    const plan = readPlan(inputs.plan);
    const token = inputs['github-token'];
    if (inputs.phase === 'judge' || inputs.phase === 'both') commentOnPlan(job, plan, { token });
    const config = await readConfig(host, inputs.config);
    return evaluateGate(
      inputs.phase,
      {
        plan,
        config,
        configFile: inputs.config,
        training: inputs.training,
        predictions: inputs.predictions,
        author: authorOf(plan, host),
      },
      {
        tracking: await connectTracking(host, config),
        ledger: await connectLedger(host, token, { log, seen: plan.ledger }),
        clock: systemClock,
        log,
        python: connectPython(host, config, { ...job, python: inputs.python, root }),
        hashFile: (file) => hashFile(path.resolve(host.workspace, file)),
        hashText,
        ...{ readAnswers, readSteps, readExplanation },
        readHoldout: (holdout) => readHoldout(host.workspace, holdout),
        fetchData: connectFetch(host, config, {
          ...{ ...job, plan, python: inputs.python },
          runner: inputs.phase === 'judge' ? 'control-runner' : 'gpu-runner',
        }),
        readExamples: (written) => readExamples(host.workspace, written),
        isOfCommit: (file) => isOfCommit(host.workspace, file, host.run),
        commit: () => findCommit(host.workspace, host.run),
        ...createScratch(host),
      },
    );
  });
}
