import { systemClock } from '../../adapters/clock.ts';
import { authorOf } from '../job/author.ts';
import { CONTRACTS } from '../job/contract.ts';
import { hasFailed, readPlan, readSearch } from '../job/handoff.ts';
import { runAction } from '../job/harness.ts';
import { commentOnPlan } from '../job/thread-comment.ts';
import { connectGitHub, connectLedger, readConfig } from '../job/wiring.ts';
import { propose } from './propose.ts';

/** The propose action: what a search has found goes on record, and before people. */
export function main(): Promise<void> {
  return runAction(CONTRACTS.propose, async (job) => {
    const { inputs, host, log } = job;
    const plan = readPlan(inputs.plan);
    const token = inputs['github-token'];
    commentOnPlan(job, plan, { token });
    const config = await readConfig(host, inputs.config);
    return propose(
      {
        plan,
        config,
        file: inputs.config,
        search: readSearch(inputs.training),
        hasFailed: hasFailed(inputs.training),
        author: authorOf(plan, host),
      },
      {
        ledger: await connectLedger(host, token, { log, seen: plan.ledger }),
        github: token === '' ? undefined : await connectGitHub(host, token, log),
        clock: systemClock,
        log,
      },
    );
  });
}
