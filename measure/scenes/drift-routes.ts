import { z } from 'zod';
import { createAgentClient, sendLabels } from '../../adapters/agent-client.ts';
import { LABELS_WORSE } from '../../core/drift/labels/judge-labels.ts';
import { DISPATCH_TYPES } from '../../core/names.ts';
import type { LateLabel } from '../../core/serving/api.ts';
import { sumOf } from '../../core/statistics/sum-of.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { outputOf, type WorkflowRun } from '../../sandbox/runner/workflow-run.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { type Digit, invert, tradeNames } from '../../sandbox/traffic/digits.ts';
import { predict } from '../../sandbox/traffic/traffic.ts';
import { followRun } from './follow-run.ts';
import type { Say, SceneCheck } from './scene.ts';
import { MODEL, type World } from './world.ts';

/** Of `npm run demo`: how a change comes to be known. */
export type DriftRoute = 'dispatch' | 'cron' | 'labels';

/** What happens by one route. */
export type RoutePlay = {
  readonly title: string;
  /** What the clients do, and what `prepare_data.py` is told when a team labels some of it. */
  readonly change: string;
  readonly delivery: readonly string[];
  readonly toNew: (digit: Digit) => Digit;
  /** What the issue has to call it. */
  readonly named: string;
  /** Done before the change; a way that is to be shut is shut here. */
  readonly begin: (world: World) => void;
  /** The run of monitor-check that asks for the retrain, ended. */
  readonly notice: (world: World, watch: Watch, say: Say) => Promise<WorkflowRun>;
  /** What is seen by this route alone. */
  readonly checks: (world: World, seen: Seen) => readonly SceneCheck[];
};

/** What there is to look at after the change. */
type Watch = {
  readonly champion: string;
  /** What the clients send now. */
  readonly digits: readonly Digit[];
  /** The runs that began after the change. */
  readonly since: () => readonly WorkflowRun[];
  /** Resolves when clients have asked some more. */
  readonly servesOn: () => Promise<void>;
};
type Seen = { readonly since: readonly WorkflowRun[]; readonly check: WorkflowRun };

const NOTICE_MS = 240_000;
const JOINED_MS = 180_000;
/** Ticks of the cron in which a change must be found. */
const TICKS = 12;
/** People mean by one of each pair what they meant by the other. */
const TRADED = [
  [3, 8],
  [4, 9],
] as const;
/** Requests that somebody looks at afterwards, and digits in each. */
const LABELLED_REQUESTS = 100;
const DIGITS_PER_REQUEST = 6;
const MONITOR = 'trainyard-monitor.yml';
const DISPATCHES = /\/dispatches$/;

const INVERTED = {
  change: 'the clients’ digits turn black on white, and a team labels some of the new ones',
  delivery: ['--transform', 'invert'],
  toNew: invert,
  named: 'brightness',
} as const;

/** The three ways in which a change of the world leads to a retrain. */
export const DRIFT_ROUTES: Readonly<Record<DriftRoute, RoutePlay>> = {
  dispatch: {
    ...{ title: 'Drift', ...INVERTED, begin: () => undefined },
    notice: async ({ sandbox }, { since }, say) => {
      say('waiting for the agent to notice');
      // Reports come with every change; monitor-check may first see broken answers in one, and the drift behind them in the next.
      const what = 'a report that leads monitor-check to a retrain';
      const asking = () => since().find((run) => isReport(run) && asksForRetrain(run));
      const run = await sandbox.waitForRun(what, (one) => one === asking(), NOTICE_MS);
      say('the agent reported drift; monitor-check decides anew');
      await followRun(sandbox, run, say);
      return run;
    },
    checks: () => [],
  },
  cron: {
    ...{ title: 'Drift by cron', ...INVERTED, begin: shutOutAgent },
    notice: async (world, watch, say) => {
      say('GitHub refuses the agent’s token, so that no report of it arrives; the monitor’s cron ticks');
      return tickUntilRetrain(world, watch, say);
    },
    checks: ({ sandbox, host }, { since }) => {
      const refused = sandbox.github.exchanges.filter(
        ({ method, path, status }) => method === 'POST' && DISPATCHES.test(path) && status === 401,
      );
      const reports = since.filter(isReport);
      return [
        {
          expected: 'the agent wants to report and is refused: no run is its doing',
          observed: `${refused.length} dispatches refused, ${reports.length} runs by a report`,
          held: refused.length > 0 && reports.length === 0,
          where: host.log,
        },
        checkOneDispatch(sandbox, since),
      ];
    },
  },
  labels: {
    ...{ title: 'Drift by labels', begin: () => undefined },
    change: 'people mean an 8 by what was a 3, and a 9 by what was a 4, and the other way round',
    delivery: TRADED.flatMap((pair) => ['--trade', ...pair.map(String)]),
    toNew: (digit) => tradeNames(digit, TRADED),
    named: 'Accuracy by label',
    notice: async (world, watch, say) => {
      say('the digits look as ever; labels of some predictions come late, and the monitor’s cron ticks');
      await labelPredictions(world, watch);
      return tickUntilRetrain(world, watch, say);
    },
    checks: ({ sandbox, host }, { check, since }) => {
      const codes = codesOf(check);
      const reports = since.filter(({ event }) => event.type === DISPATCH_TYPES.drift);
      return [
        {
          expected: 'the labels alone say it: no input has shifted, and the agent reports no drift',
          observed: `found: ${codes.join(', ')}; ${reports.length} reports of drift`,
          held: codes.length === 1 && codes[0] === LABELS_WORSE && reports.length === 0,
          where: host.url,
        },
        checkOneDispatch(sandbox, since),
      ];
    },
  },
};

function checkOneDispatch({ github }: Sandbox, since: readonly WorkflowRun[]): SceneCheck {
  const asked = trainingsAskedIn(since);
  return {
    expected: 'one training is asked for, however often',
    observed: `${asked.length} trainings: ${asked.join(', ')}`,
    held: asked.length === 1,
    where: `${github.addresses.web}/_sandbox/repository`,
  };
}

const askedSchema = z.object({ client_payload: z.object({ id: z.string() }) });

/**
 * The ids of the trainings that dispatches asked for. The agent looks at late labels of its own accord, and what its report leads to may ask
 * for the same one again before the first is planned: that is a replay.
 */
export function trainingsAskedIn(runs: readonly Pick<WorkflowRun, 'event'>[]): readonly string[] {
  const asking = runs.filter(({ event }) => event.type === DISPATCH_TYPES.retrain);
  return [...new Set(asking.map(({ event }) => askedSchema.parse(event.payload).client_payload.id))];
}

/** From here on GitHub knows the agent's token no more, as when it has run out: whatever it sends is refused. */
function shutOutAgent({ sandbox }: World): void {
  sandbox.github.tokens.endAfter(sandbox.tokens.agent, 0);
}

/** Whether an agent's report has started it. */
function isReport({ event }: WorkflowRun): boolean {
  const reports: readonly (string | undefined)[] = [
    DISPATCH_TYPES.drift,
    DISPATCH_TYPES.labelDrift,
    DISPATCH_TYPES.heartbeat,
  ];
  return reports.includes(event.type);
}

/** Whether monitor-check asked for a training in it. */
export function asksForRetrain(run: WorkflowRun): boolean {
  return outputOf(run, 'check', 'reason-code') === 'retrain-requested';
}

/** The cron's next run, ended. */
export async function tick(sandbox: Sandbox, say: Say): Promise<WorkflowRun> {
  const [run] = sandbox.tick(MONITOR);
  if (run === undefined) throw new Error(`there is no ${MONITOR}`);
  await followRun(sandbox, run, say);
  return run;
}

/** The first ticks after a change may come before there is enough to judge it by. */
async function tickUntilRetrain({ sandbox }: World, { servesOn }: Watch, say: Say): Promise<WorkflowRun> {
  for (let ticks = 1; ; ticks += 1) {
    const run = await tick(sandbox, say);
    if (asksForRetrain(run) || ticks === TICKS) return run;
    await servesOn();
  }
}

/** Asks for predictions as any client does, tells the host afterwards, by their ids, what was true, and waits until it has found them. */
async function labelPredictions({ host, tokens }: World, { digits, champion }: Watch): Promise<void> {
  const agent = { url: host.url, token: tokens.deployer };
  const labels: LateLabel[] = [];
  for (let request = 0; request < LABELLED_REQUESTS; request += 1) {
    const from = (request * DIGITS_PER_REQUEST) % (digits.length - DIGITS_PER_REQUEST + 1);
    const asked = digits.slice(from, from + DIGITS_PER_REQUEST);
    const { id, status } = await predict(host.dataPlane, MODEL, asked);
    if (status === 200) labels.push(...asked.map(({ label }, row) => ({ id: `${id}:${row}`, label })));
  }
  await sendLabels(agent, MODEL, labels);
  const areFound = async (): Promise<boolean> => {
    const counts = await createAgentClient(agent).labels(MODEL, champion);
    return sumOf(counts.map(({ labelled }) => labelled)) >= labels.length;
  };
  await waitFor(areFound, 'the host to find what the labels belong to', JOINED_MS);
}

const resultSchema = z.object({ codes: z.array(z.string()) });

/** What a check found that asks for something. */
export function codesOf(check: WorkflowRun): readonly string[] {
  return resultSchema.parse(JSON.parse(outputOf(check, 'check', 'result') ?? '{"codes":[]}')).codes;
}

/** The retrains among these runs that are no replay of another. */
export function plannedIn(runs: readonly WorkflowRun[]): readonly WorkflowRun[] {
  return runs.filter(
    (run) => run.event.type === DISPATCH_TYPES.retrain && outputOf(run, 'plan', 'reason-code') === 'planned',
  );
}
