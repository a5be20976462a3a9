import { createAgentClient } from '../../adapters/agent-client.ts';
import { DEFAULT_DRIFT_OPTIONS, minRowsOf } from '../../core/drift/drift-options.ts';
import { DISPATCH_TYPES } from '../../core/names.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { outputOf, type WorkflowRun } from '../../sandbox/runner/workflow-run.ts';
import { invert, loadDigits } from '../../sandbox/traffic/digits.ts';
import { accuracyOf, type SteadyTraffic } from '../../sandbox/traffic/traffic.ts';
import { followRun } from './follow-run.ts';
import { nameHoldout } from './name-holdout.ts';
import { championOf } from './retrain-by-comment.ts';
import { checkRun, type Say, type SceneResult } from './scene.ts';
import { MODEL, QUICK_AGENT, type World } from './world.ts';

const NOTICE_MS = 240_000;
const WARM_UP_MS = 400_000;
const CYCLE_SECONDS = Number(QUICK_AGENT['drift-cycle-seconds']);
const MIN_ROWS = minRowsOf({ ...DEFAULT_DRIFT_OPTIONS, tolerance: Number(QUICK_AGENT['drift-tolerance']) });
/** Digits of each kind the clients send. */
const DIGITS_PER_LABEL = 60;
/** Requests over which an accuracy is measured. */
const MEASURED = 60;

/** The digits of the traffic turn black on white; the agent notices, and a retrain on fresh data repairs it. */
export async function playDrift(world: World, traffic: SteadyTraffic, say: Say): Promise<SceneResult> {
  const { sandbox } = world;
  const before = championOf(world);
  say('usual traffic, until the agent knows by how much usual windows differ');
  await waitFor(() => knowsUsualTraffic(world, before), 'the agent to know usual traffic', WARM_UP_MS);
  const usual = await measureAccuracy(traffic);
  say('the clients’ digits turn black on white, and a team labels some of the new ones');
  await world.deliver('invert');
  await nameHoldout(world);
  // Before the first new digit: the agent may notice, and monitor-check decide, while the accuracy is still measured.
  const earlier = new Set(sandbox.runs);
  traffic.use(loadDigits(DIGITS_PER_LABEL).map(invert));
  const drifted = await measureAccuracy(traffic);
  say(`accuracy fell from ${percent(usual)} to ${percent(drifted)}; waiting for the agent to notice`);
  const nextRun = (what: string, predicate: (run: WorkflowRun) => boolean) =>
    sandbox.waitForRun(what, (run) => !earlier.has(run) && predicate(run), NOTICE_MS);
  // Reports come with every change; monitor-check may first see broken answers in one, and the drift behind them in the next.
  const check = await nextRun('a report that leads monitor-check to a retrain', asksForRetrain);
  say('the agent reported drift; monitor-check decides anew');
  await followRun(sandbox, check, say);
  const retrain = await nextRun('a retrain that is planned', isPlannedRetrain);
  say('monitor-check asked for a retrain; it trains, and goes through gate and canary');
  await followRun(sandbox, retrain, say);
  const after = championOf(world);
  const recovered = await measureAccuracy(traffic);
  return {
    title: 'Drift',
    checks: [
      {
        expected: 'new digits harm the champion',
        observed: `accuracy ${percent(usual)} → ${percent(drifted)}`,
        held: drifted < usual - 0.2,
        where: world.host.dataPlane,
      },
      checkRun('the agent’s report leads monitor-check to a retrain', check, {
        conclusion: 'success',
        job: 'check',
        reason: 'retrain-requested',
      }),
      checkRun('the retrain passes gate and canary', retrain, {
        conclusion: 'success',
        job: 'deploy',
        reason: 'promoted',
      }),
      {
        expected: 'a new champion, trained on the refreshed data, reads the new digits',
        observed: `champion ${before} → ${after}, accuracy ${percent(drifted)} → ${percent(recovered)}, verdict ${outputOf(retrain, 'judge', 'verdict')}`,
        held: after !== before && recovered > usual - 0.1,
        where: retrain.log,
      },
    ],
  };
}

function asksForRetrain(run: WorkflowRun): boolean {
  const reported = run.event.type === DISPATCH_TYPES.drift || run.event.type === DISPATCH_TYPES.heartbeat;
  return reported && outputOf(run, 'check', 'reason-code') === 'retrain-requested';
}

/** Each change of drift asks again for the same training: it is planned once, and the others are replays. */
function isPlannedRetrain(run: WorkflowRun): boolean {
  return run.event.type === DISPATCH_TYPES.retrain && outputOf(run, 'plan', 'reason-code') === 'planned';
}

/** Whether the champion has served the batches that drift is judged against, as the agent counts them. */
async function knowsUsualTraffic({ host, tokens }: World, champion: string | undefined): Promise<boolean> {
  const windows = await createAgentClient({ url: host.url, token: tokens.deployer }).windows(MODEL, 0);
  const ours = windows.filter(({ version }) => version === champion);
  const cycles = Map.groupBy(ours, ({ from }) => Math.floor(Date.parse(from) / 1_000 / CYCLE_SECONDS));
  let batches = 0;
  let rows = 0;
  for (const cycle of cycles.values()) {
    rows += cycle.reduce((sum, { n }) => sum + n, 0);
    if (rows < MIN_ROWS) continue;
    batches += 1;
    rows = 0;
  }
  return batches > DEFAULT_DRIFT_OPTIONS.warmUpBatches;
}

/** The share of digits read right over the next requests. */
async function measureAccuracy(traffic: SteadyTraffic): Promise<number> {
  traffic.reset();
  await waitFor(() => traffic.total().requests >= MEASURED, 'answers to measure', 120_000);
  return accuracyOf(traffic.total());
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
