import { CONTRACTS } from '../job/contract.ts';
import { readJobs, readPlan } from '../job/handoff.ts';
import { runAction } from '../job/harness.ts';
import { CHAIN_SECTION, commentOnPlan } from '../job/thread-comment.ts';
import { connectGitHub } from '../job/wiring.ts';
import { report } from './report.ts';

/** The report action: how the chain has ended, however it did. */
export function main(): Promise<void> {
  return runAction(CONTRACTS.report, async (job) => {
    const { inputs, host, log } = job;
    const plan = readPlan(inputs.plan);
    const token = inputs['github-token'];
    commentOnPlan(job, plan, { token, section: CHAIN_SECTION });
    return report(
      { plan, jobs: readJobs(inputs.jobs), version: inputs.version || undefined },
      { github: await connectGitHub(host, token, log), log },
    );
  });
}
