import { systemClock } from '../../adapters/clock.ts';
import { createRolloutRecords } from '../../adapters/rollout-records.ts';
import { authorOf } from '../job/author.ts';
import { chooseEnvironment } from '../job/choose-environment.ts';
import { CONTRACTS } from '../job/contract.ts';
import { readPlan } from '../job/handoff.ts';
import { runAction } from '../job/harness.ts';
import { commentOnPlan } from '../job/pull-request-comment.ts';
import { connectGitHub, connectLedger, connectTracking, readConfig } from '../job/wiring.ts';
import { connectPackages } from '../serving/wiring.ts';
import { createAnnouncer } from './announcer.ts';
import { attestWith } from './attest-with.ts';
import { deploy } from './deploy.ts';
import { connectFleet } from './hosts/connect-fleet.ts';

/** The deploy action: one operation on one environment. */
export function main(): Promise<void> {
  return runAction(CONTRACTS.deploy, async (job) => {
    const { inputs, host, log, signal } = job;
    const plan = readPlan(inputs.plan);
    const token = inputs['github-token'];
    const comment = commentOnPlan(job, plan, token);
    const config = await readConfig(host, inputs.config);
    const chosen = chooseEnvironment(config, plan.environment, inputs.config);
    const tracking = connectTracking(host, config);
    const { detach } = inputs;
    const [version, packageName] = [inputs.version || undefined, inputs.package || undefined];
    const author = authorOf(plan, host);
    const github = await connectGitHub(host, token, log);
    const announcer = createAnnouncer({
      github,
      log,
      sha: plan.sha,
      environment: chosen.environmentName,
      comment,
    });
    const deployed = deploy({
      request: { plan, config, ...chosen, version, package: packageName, detach, author, signal },
      ports: {
        ledger: await connectLedger(host, token),
        tracking,
        records: createRolloutRecords(tracking),
        fleet: connectFleet(host, chosen.environment, log),
        packages: connectPackages(host, tracking),
        announcer,
        clock: systemClock,
        log,
        attest: attestWith(host.env['TRAINYARD_SIGNING_KEY'], host.workflow, systemClock),
      },
    });
    return deployed.finally(announcer.finished);
  });
}
