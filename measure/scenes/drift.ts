import { createAgentClient } from '../../adapters/agent-client.ts';
import { DEFAULT_DRIFT_OPTIONS, minRowsOf } from '../../core/drift/drift-options.ts';
import { toInstant } from '../../core/instant.ts';
import { commentMarker } from '../../core/report/comment-marker.ts';
import { formatLongDay } from '../../core/report/format-day.ts';
import type { Issue } from '../../sandbox/github/repository.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { outputOf, type WorkflowRun } from '../../sandbox/runner/workflow-run.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { loadDigits } from '../../sandbox/traffic/digits.ts';
import { accuracyOf, type SteadyTraffic } from '../../sandbox/traffic/traffic.ts';
import {
  asksForRetrain,
  codesOf,
  DRIFT_ROUTES,
  type DriftRoute,
  plannedIn,
  type RoutePlay,
  tick,
} from './drift-routes.ts';
import { followRun } from './follow-run.ts';
import { nameHoldout } from './name-holdout.ts';
import { championOf } from './retrain-by-comment.ts';
import { checkRun, quietly, type Say, type SceneCheck, type SceneResult } from './scene.ts';
import { ENVIRONMENT, MODEL, QUICK_AGENT, type World } from './world.ts';

const NOTICE_MS = 240_000;
const WARM_UP_MS = 400_000;
const CYCLE_SECONDS = Number(QUICK_AGENT['drift-cycle-seconds']);
const MIN_ROWS = minRowsOf({ ...DEFAULT_DRIFT_OPTIONS, tolerance: Number(QUICK_AGENT['drift-tolerance']) });
/** Digits of each kind the clients send. */
const DIGITS_PER_LABEL = 60;
/** Requests over which an accuracy is measured. */
const MEASURED = 60;

/** What was seen of one change, from the usual traffic before it to the tick after its end. */
type Played = {
  readonly before: string;
  readonly accuracy: { readonly usual: number; readonly changed: number; readonly recovered: number };
  /** The days (UTC) on which it may have begun. */
  readonly days: readonly string[];
  /** Runs: all since the change; the check that asks; the tick while its retrain is open; the retrain; the tick after it. */
  readonly since: readonly WorkflowRun[];
  readonly check: WorkflowRun;
  readonly meanwhile: WorkflowRun;
  readonly retrain: WorkflowRun;
  readonly last: WorkflowRun;
  /** The monitor's issue after the check that asks. */
  readonly told: MonitorIssue | undefined;
};
type MonitorIssue = Pick<Issue, 'title' | 'body' | 'state'>;

/** The world changes for the champion; by one of three routes it is noticed, and one retrain on fresh data repairs it. */
export async function playDrift(
  world: World,
  traffic: SteadyTraffic,
  say: Say,
  by: DriftRoute = 'dispatch',
): Promise<SceneResult> {
  const route = DRIFT_ROUTES[by];
  const played = await play(world, traffic, say, route);
  return { title: route.title, checks: listChecks(world, route, played) };
}

async function play(world: World, traffic: SteadyTraffic, say: Say, route: RoutePlay): Promise<Played> {
  const { sandbox } = world;
  const before = championOf(world) ?? '';
  say('usual traffic, until the agent knows by how much usual windows differ');
  await waitFor(() => knowsUsualTraffic(world, before), 'the agent to know usual traffic', WARM_UP_MS);
  const usual = await measureAccuracy(traffic);
  say(route.change);
  await world.deliver(route.delivery);
  await nameHoldout(world);
  route.begin(world);
  // Before the first new digit: the agent may notice, and monitor-check decide, while the accuracy is still measured.
  const earlier = new Set(sandbox.runs);
  const since = () => sandbox.runs.filter((run) => !earlier.has(run));
  const changedOn = today();
  const digits = loadDigits(DIGITS_PER_LABEL).map(route.toNew);
  traffic.use(digits);
  const changed = await measureAccuracy(traffic);
  say(`accuracy fell from ${percent(usual)} to ${percent(changed)}`);
  const servesOn = async (): Promise<void> => void (await measureAccuracy(traffic));
  const check = await route.notice(world, { champion: before, digits, since, servesOn }, say);
  const [told, days] = [readIssue(sandbox), [changedOn, today()]];
  const retrain = await waitFor(() => plannedIn(since())[0], 'a retrain that is planned', NOTICE_MS);
  say('monitor-check asked for a retrain; it trains, and goes through gate and canary');
  const [meanwhile] = await Promise.all([tick(sandbox, quietly), followRun(sandbox, retrain, say)]);
  const recovered = await measureAccuracy(traffic);
  say('the monitor’s cron ticks again');
  const last = await tick(sandbox, say);
  const accuracy = { usual, changed, recovered };
  return { before, accuracy, days, since: since(), check, meanwhile, retrain, last, told };
}

function listChecks(world: World, route: RoutePlay, played: Played): readonly SceneCheck[] {
  const { before, accuracy, check, retrain, last, since } = played;
  const [usual, changed, recovered] = [accuracy.usual, accuracy.changed, accuracy.recovered].map(percent);
  const after = championOf(world);
  const issue = readIssue(world.sandbox)?.state ?? 'none';
  return [
    {
      expected: 'the champion is wrong about what is new',
      observed: `accuracy ${usual} → ${changed}`,
      held: accuracy.changed < accuracy.usual - 0.2,
      where: world.host.dataPlane,
    },
    checkRun('monitor-check finds it, and asks for a retrain', check, {
      conclusion: 'success',
      job: 'check',
      reason: 'retrain-requested',
    }),
    ...route.checks(world, { since, check }),
    checkIssue(world, route.named, played),
    checkOneRetrain(world, played),
    checkRun('the retrain passes gate and canary', retrain, {
      conclusion: 'success',
      job: 'deploy',
      reason: 'promoted',
    }),
    {
      expected: 'a new champion, trained on the refreshed data, is right again',
      observed: `champion ${before} → ${after}, accuracy ${changed} → ${recovered}, verdict ${outputOf(retrain, 'judge', 'verdict')}`,
      held: after !== before && accuracy.recovered > accuracy.usual - 0.1,
      where: retrain.log,
    },
    {
      expected: 'then nothing is wrong any more, and the issue is closed',
      observed: `${outputOf(last, 'check', 'headline')}; issue ${issue}`,
      held: outputOf(last, 'check', 'reason-code') === 'healthy' && issue === 'closed',
      where: last.log,
    },
  ];
}

/** What the monitor's issue says at this moment. */
function readIssue({ repository }: Sandbox): MonitorIssue | undefined {
  const marker = commentMarker(`monitor/${MODEL}/${ENVIRONMENT}`);
  const found = [...repository.issues.values()].findLast(({ body }) => body.includes(marker));
  return found && { title: found.title, body: found.body, state: found.state };
}

/** It has to say what changed, and the day on which that began. */
function checkIssue({ sandbox }: World, named: string, { told, days }: Played): SceneCheck {
  const sentence = told?.body.split('\n').find((line) => line.startsWith('**')) ?? '';
  return {
    expected: 'one issue says what was found, and since which day',
    observed: `${told?.title ?? 'no issue'} — ${sentence.slice(0, 200)}`,
    held: sentence.includes(named) && days.some((day) => sentence.includes(`since ${day}`)),
    where: `${sandbox.github.addresses.web}/_sandbox/repository`,
  };
}

/** A report of the agent may ask again for the same training, which is a replay; nobody asks for a second one. */
function checkOneRetrain({ sandbox }: World, { since, meanwhile }: Played): SceneCheck {
  const planned = plannedIn(since).length;
  return {
    expected: 'that is the one training there is: a tick meanwhile asks for none',
    observed: `${planned} planned; the tick found ${codesOf(meanwhile).join(', ')}`,
    held: planned === 1 && codesOf(meanwhile).length > 0 && !asksForRetrain(meanwhile),
    where: `git --git-dir ${sandbox.remote.bare} show trainyard`,
  };
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

function today(): string {
  return formatLongDay(toInstant(Date.now()));
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
