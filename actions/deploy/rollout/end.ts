import { serveOnly } from '../../../core/deploy/rollout-traffic.ts';
import type { LedgerEvent, LedgerEventData } from '../../../core/ledger/event.ts';
import { releaseLock } from '../../../core/ledger/locks.ts';
import type { LedgerState, Rollout } from '../../../core/ledger/state.ts';
import { ok } from '../../../core/result.ts';
import { appendOrThrow } from '../../job/append-or-throw.ts';
import type { Deployed, Deployment } from '../deploy-context.ts';
import { entry, hereIn } from '../deploy-context.ts';
import { awayData, describeAway } from '../hosts/fleet.ts';
import { settle } from '../hosts/settle.ts';
import { setTraffic } from '../hosts/traffic.ts';

const AWAY_REMARK =
  'It returns to the stable version by itself when its lease is over; monitor-check sees to it once it is back.';

/** Why a rollout ends as it does: a stable code, one plain sentence, and the report for people. */
export type Ending = { readonly code: string; readonly explanation: string; readonly report: string };

/** Why a candidate was promoted: the codes that the ledger knows. */
export type Promotion = Ending & {
  readonly code: NonNullable<LedgerEventData<'rollout.promoted'>['code']>;
};

/** Records that the candidate is the champion now, then makes the world agree with it. */
export async function promote(
  deployment: Deployment,
  rollout: Rollout,
  ending: Promotion,
): Promise<Deployed> {
  const { request, ports } = deployment;
  const { id, version, stable } = rollout;
  await appendOrThrow(ports.ledger, request.config.model, (state) => {
    if (hereIn(deployment, state).rollout?.id !== id) return ok([]);
    const known = state.versions[version];
    const envelope = known && ports.attest(state, known, rollout.package);
    const promoted = entry(
      deployment,
      'rollout.promoted',
      {
        rollout: id,
        environment: request.environmentName,
        version,
        package: rollout.package,
        code: ending.code,
        explanation: ending.explanation,
        ...(stable !== undefined && { previous: stable }),
        ...(envelope && { envelope }),
        ...awayData(ports.fleet),
      },
      id,
    );
    return ok([promoted, ...releaseDeployLock(deployment, state, id)]);
  });
  await settle(deployment);
  ports.announcer.status(id, 'success', ending.explanation);
  return {
    decision: 'complete',
    reasonCode: 'promoted',
    headline: `${request.config.model} version ${version} serves ${request.environmentName}. ${ending.explanation}`,
    report: `### 🚀 Promoted: version ${version} in ${request.environmentName}\n\n${ending.report}${describeAway(ports.fleet, `It gets version ${version} once it is back.`)}`,
    outputs: { outcome: 'promoted', 'serving-version': version },
    result: {
      outcome: 'promoted',
      rollout: id,
      version,
      previous: stable,
      code: ending.code,
      explanation: ending.explanation,
      ...awayData(ports.fleet),
    },
  };
}

/** Takes all traffic off the candidate at once, and records it after: safety does not wait for the ledger. */
export async function rollBack(deployment: Deployment, rollout: Rollout, ending: Ending): Promise<Deployed> {
  const { request, ports } = deployment;
  const { id, version, stable } = rollout;
  const { model } = request.config;
  if (stable !== undefined) {
    await ports.fleet.onEveryHost(async (agent) => {
      // A host without traffic has nothing to take back; it may not have the stable version either.
      if ((await agent.getTraffic(model)) !== undefined) await setTraffic(agent, model, serveOnly(stable));
    });
  }
  const { code, explanation } = ending;
  await appendOrThrow(ports.ledger, model, (state) => {
    if (hereIn(deployment, state).rollout?.id !== id) return ok([]);
    const data = {
      rollout: id,
      environment: request.environmentName,
      version,
      code,
      explanation,
      ...(stable !== undefined && { stable }),
      ...awayData(ports.fleet),
    };
    return ok([
      entry(deployment, 'rollout.rolled-back', data, id),
      ...releaseDeployLock(deployment, state, id),
    ]);
  });
  await settle(deployment);
  ports.announcer.status(id, 'failure', explanation);
  return {
    decision: 'stop',
    reasonCode: 'rolled-back',
    headline: `Version ${version} was taken back from ${request.environmentName}. ${explanation}`,
    report: `### ⏪ Rolled back: version ${version} in ${request.environmentName}\n\n${ending.report}${describeAway(ports.fleet, AWAY_REMARK)}`,
    outputs: { outcome: 'rolled-back', 'serving-version': stable ?? '' },
    result: {
      outcome: 'rolled-back',
      rollout: id,
      version,
      stable,
      code,
      explanation,
      ...awayData(ports.fleet),
    },
  };
}

/** Gives back the deploy lock of a rollout that ends. */
export function releaseDeployLock(
  { request, ports }: Deployment,
  state: LedgerState,
  holder: string,
): readonly LedgerEvent[] {
  const context = { ...request.author, at: ports.clock.now() };
  return releaseLock(state, context, { lock: 'deploy', environment: request.environmentName, holder });
}
