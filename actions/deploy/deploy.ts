import { type Deployed, type Deployment, hereIn, readState } from './deploy-context.ts';
import { findCandidate } from './find-candidate.ts';
import { outwaitLeases } from './hosts/leases.ts';
import { hold, promoteNow, resume, rollBackNow } from './operate.ts';
import { concludeEarlier } from './rollout/conclude.ts';
import { continueRollout, startRollout } from './rollout/start.ts';

/**
 * Carries out one operation on an environment. It may be run again at any time: the ledger says what is done, the hosts say
 * where they are, and only what is missing happens.
 */
export async function deploy(deployment: Deployment): Promise<Deployed> {
  const deployed = await operate(deployment);
  if (deployed.reasonCode === 'rolled-back') await outwaitLeases(deployment);
  return deployed;
}

function operate(deployment: Deployment): Promise<Deployed> {
  switch (deployment.request.plan.operation) {
    case 'rollback':
      return rollBackNow(deployment);
    case 'advance':
      return goOn(deployment);
    case 'promote':
      return promoteNow(deployment);
    case 'hold':
      return hold(deployment);
    case 'resume':
      return resume(deployment).then(() => goOn(deployment));
    default:
      return rollOut(deployment);
  }
}

/** Goes on with the rollout that is open. A report of one that has ended begins no other. */
async function goOn(deployment: Deployment): Promise<Deployed> {
  const state = await readState(deployment);
  const { rollout } = hereIn(deployment, state);
  if (rollout === undefined) return concludeEarlier(deployment, state, '');
  return rollOut({ ...deployment, request: { ...deployment.request, version: rollout.version } });
}

async function rollOut(deployment: Deployment): Promise<Deployed> {
  const { request } = deployment;
  const state = await readState(deployment);
  const { rollout } = hereIn(deployment, state);
  const wanted = request.version ?? request.plan.version;
  // A rollout that is open already is gone on with, whoever started it: that is how a killed job is taken up again.
  if (rollout !== undefined && (wanted === undefined || wanted === rollout.version)) {
    return continueRollout(deployment, rollout.id);
  }
  return startRollout(deployment, await findCandidate(deployment, state));
}
