import { planOf } from '../../../core/deploy/rollout-traffic.ts';
import { messageOf } from '../../../core/errors.ts';
import { foldLedger } from '../../../core/ledger/fold.ts';
import { environmentOf, type LedgerState, type Rollout } from '../../../core/ledger/state.ts';
import type { Baseline } from '../../../core/rollout/evidence/baseline.ts';
import { learnBaseline } from '../../../core/rollout/evidence/learn-baseline.ts';
import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import { type RolloutRecord, recordRollout } from '../../../core/rollout/record/record.ts';
import type { Deployment } from '../deploy-context.ts';
import { hereIn } from '../deploy-context.ts';
import { collectObservations } from '../hosts/collect-observations.ts';

/** How many promoted rollouts are asked how much counts vary here. */
const PAST_ROLLOUTS = 5;

/** What the environment's past rollouts teach about this one; nothing where none can be read. */
export async function recallBaseline(deployment: Deployment, state: LedgerState): Promise<Baseline> {
  const promoted = hereIn(deployment, state).history.filter(({ outcome }) => outcome === 'promoted');
  const found = promoted.slice(-PAST_ROLLOUTS).map(async ({ rollout, version }) => {
    const runId = state.versions[version]?.runId;
    if (runId === undefined) return undefined;
    return tolerate(deployment, `read the record of ${rollout}`, () =>
      deployment.ports.records.find(runId, rollout),
    );
  });
  const records = (await Promise.all(found)).filter(
    (record): record is RolloutRecord => record !== undefined,
  );
  return learnBaseline(records);
}

/** Keeps what a rollout was decided on, so that it can be decided again. A rollout does not fail for want of its record. */
export async function rememberRollout(
  deployment: Deployment,
  rollout: Rollout,
  seen: { readonly baseline: Baseline; readonly observations: readonly Observation[] },
): Promise<void> {
  const { request, ports } = deployment;
  const { model } = request.config;
  await tolerate(deployment, `keep the record of ${rollout.id}`, async () => {
    const state = await ports.ledger.read(model);
    const runId = state.versions[rollout.version]?.runId;
    if (runId === undefined) return;
    const events = await ports.ledger.history(model);
    const plan = planOf(rollout, request.environment);
    await ports.records.keep(runId, recordRollout({ rollout: rollout.id, plan, events, ...seen }));
  });
}

/** The same for a rollout that this job ended without having watched it: what was seen is asked of the hosts. */
export async function rememberUnwatched(deployment: Deployment, rollout: Rollout): Promise<void> {
  const { request, ports } = deployment;
  await tolerate(deployment, `ask what was seen of ${rollout.id}`, async () => {
    const baseline = await recallBaseline(deployment, await ports.ledger.read(request.config.model));
    const observations = await collectObservations(deployment, rollout.id)();
    await rememberRollout(deployment, rollout, { baseline, observations });
  });
}

/** Keeps the record of a rollout that has ended, when the job that ended it was killed before it could. */
export async function rememberForgotten(deployment: Deployment, rolloutId: string): Promise<void> {
  const { request, ports } = deployment;
  const { model } = request.config;
  await tolerate(deployment, `look for the record of ${rolloutId}`, async () => {
    const events = await ports.ledger.history(model);
    const end = events.findIndex(
      ({ kind, data }) =>
        (kind === 'rollout.promoted' || kind === 'rollout.rolled-back') && data.rollout === rolloutId,
    );
    const before = foldLedger(model, events.slice(0, Math.max(0, end)));
    const { rollout } = environmentOf(before, request.environmentName);
    const runId = rollout && before.versions[rollout.version]?.runId;
    if (rollout?.id !== rolloutId || runId === undefined) return;
    if ((await ports.records.find(runId, rolloutId)) === undefined)
      await rememberUnwatched(deployment, rollout);
  });
}

async function tolerate<T>(
  { ports }: Deployment,
  what: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (thrown) {
    ports.log.warn(`Could not ${what}: ${messageOf(thrown)}`);
    return undefined;
  }
}
