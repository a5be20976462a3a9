import { toInstant } from '../../core/instant.ts';
import { decideRollout } from '../../core/rollout/decide-rollout.ts';
import { addObservation, startEvidence } from '../../core/rollout/evidence/evidence.ts';
import type { ArmCounts } from '../../core/rollout/evidence/observation.ts';
import { type Draws, makeDraws } from './draws.ts';
import { PLAN } from './simulate-rollout.ts';
import {
  drawsAt,
  formatShare,
  keepsPromise,
  type SimulationOptions,
  type SimulationRow,
} from './simulation-row.ts';

const EQUAL_RUNS = 10_000;
const HARM_RUNS = 1_000;
const ALPHA = PLAN.alpha;
/** Share of rollouts that may be held: each is watched for a wrong split of requests, of which there is none. */
const HELD_ALPHA = 0.001;
/** Equal versions are watched for hours, harmful ones for a minute or two. */
const SLOW_POLLS = 60;
const FAST_POLLS = 15;
const PER_SECOND = 50;
/** Clients wait for two fast polls before they give up: their requests end as long after they were sent. */
const PATIENCE_SECONDS = 30;
const EDGES = [20, 50, 100, 200];
const LATENCY = [0.1, 0.5, 0.3, 0.09, 0.01];

/** What becomes of the requests that a version is given: shares of them. */
type Fate = { readonly errors: number; readonly unanswered: number; readonly refused: number };
const CALM: Fate = { errors: 0.002, unanswered: 0, refused: 0 };
const REFUSING: Fate = { errors: 0, unanswered: 0, refused: 1 };
const FAILING: Fate = { errors: 1, unanswered: 0, refused: 0 };

/** What a candidate comes to do to all requests that it gets alone, after so long, and how soon it is to be found, in s. */
type Turn = {
  readonly what: string;
  readonly fate: Fate;
  readonly afterSeconds: number;
  readonly foundWithin: number;
};
const TURNS: readonly Turn[] = [
  { what: 'refuse every request', fate: REFUSING, afterSeconds: 600, foundWithin: 180 },
  { what: 'fail every request', fate: FAILING, afterSeconds: 600, foundWithin: 60 },
  { what: 'fail every request', fate: FAILING, afterSeconds: 6 * 3_600, foundWithin: 60 },
];

type Ending = {
  readonly kind: 'promote' | 'rollback' | 'hold';
  readonly seconds: number;
  /** Requests that the candidate was given and did not answer well, those that clients still wait for among them. */
  readonly lost: number;
};

/** That every request counts: rows 16 and 17. */
export function everyRequestRows(options: SimulationOptions): SimulationRow[] {
  return [
    equalVersions('8 % of requests written wrongly', { ...CALM, refused: 0.08 }, options),
    equalVersions('2 % of requests given up by hurried clients', { ...CALM, unanswered: 0.02 }, options),
    ...[0.05, 0.15, 0.25].map((share) =>
      harmfulVersion(
        `leaves ${100 * share} % of requests unanswered`,
        { ...CALM, unanswered: share },
        options,
      ),
    ),
    harmfulVersion('refuses every request', REFUSING, options),
    ...TURNS.map((turn) => turningAlone(turn, options)),
  ];
}

/** Row 16: how often an equal candidate is rolled back, from the first stage to the end of the bake. */
function equalVersions(what: string, fate: Fate, { scale, seed }: SimulationOptions): SimulationRow {
  const runs = drawsAt(EQUAL_RUNS, scale, 20);
  const draws = makeDraws(`${seed}|equal|${what}`);
  const endings = Array.from({ length: runs }, () =>
    runRollout(draws, { candidate: fate, stable: fate, pollSeconds: SLOW_POLLS }),
  );
  const stopped = endings.filter(({ kind }) => kind === 'rollback').length;
  const held = endings.filter(({ kind }) => kind === 'hold').length;
  return {
    row: 16,
    quantity: `canary, both versions alike, ${what} (${PER_SECOND} requests/s): rolled back`,
    anchors: [],
    target: `≤ ${100 * ALPHA}%; held ≤ ${100 * HELD_ALPHA}%; the rest promoted`,
    observed: `${formatShare(stopped, runs)} (${stopped} of ${runs}); ${formatShare(held, runs)} (${held})`,
    met:
      keepsPromise(stopped, runs, { most: ALPHA, fullDraws: EQUAL_RUNS }) &&
      keepsPromise(held, runs, { most: HELD_ALPHA, fullDraws: EQUAL_RUNS }),
  };
}

/** Row 17: how soon a candidate is found that does not answer as the stable version does, and what it cost. */
function harmfulVersion(what: string, fate: Fate, { scale, seed }: SimulationOptions): SimulationRow {
  const runs = drawsAt(HARM_RUNS, scale, 20);
  const draws = makeDraws(`${seed}|harm|${what}`);
  const endings = Array.from({ length: runs }, () =>
    runRollout(draws, { candidate: fate, stable: CALM, pollSeconds: FAST_POLLS }),
  );
  const found = endings.filter(({ kind }) => kind === 'rollback');
  const seconds = quantileOf(found, ({ seconds: after }) => after, 0.5);
  const [lost, most] = [0.5, 0.95].map((q) => quantileOf(found, (ending) => ending.lost, q));
  return {
    row: 17,
    quantity: `canary: candidate that ${what} (${PER_SECOND} requests/s, polled every ${FAST_POLLS} s, clients wait ${PATIENCE_SECONDS} s)`,
    anchors: [],
    target: 'found, always',
    observed: `${formatShare(found.length, runs)} of ${runs}, median ${seconds} s and ${lost} requests lost (95%: ${most})`,
    met: found.length === runs,
  };
}

/** Row 17: how soon a candidate is found that turns bad when nothing has been beside it for a while. */
function turningAlone(turn: Turn, { scale, seed }: SimulationOptions): SimulationRow {
  const { foundWithin } = turn;
  const runs = drawsAt(HARM_RUNS, scale, 20);
  const what = `begins to ${turn.what} after ${turn.afterSeconds / 60} minutes at 100 %`;
  const draws = makeDraws(`${seed}|harm|${what}`);
  const endings = Array.from({ length: runs }, () => watchAlone(draws, turn));
  const found = endings.filter((seconds) => seconds !== undefined).sort((left, right) => left - right);
  const [median, most] = [0.5, 0.95].map((q) => found[Math.floor(q * (found.length - 1))]);
  return {
    row: 17,
    quantity: `canary: candidate that ${what} (${PER_SECOND} requests/s, polled every ${FAST_POLLS} s)`,
    anchors: [],
    target: `found within ${foundWithin / 60} min, always`,
    observed: `${formatShare(found.length, runs)} of ${runs}, median ${median} s (95%: ${most} s)`,
    met: found.length === runs && (found.at(-1) ?? 0) <= foundWithin,
  };
}

/** Seconds from the first bad request until the evidence suffices; `undefined` if it does not within ten minutes. */
function watchAlone(draws: Draws, { fate, afterSeconds }: Turn): number | undefined {
  const [calm, stable, turned] = [CALM, CALM, fate].map((one) => startArm(draws, one, FAST_POLLS));
  if (calm === undefined || stable === undefined || turned === undefined) return undefined;
  let evidence = startEvidence(PLAN);
  const last = PLAN.stages.length - 1;
  for (let seconds = FAST_POLLS; seconds <= afterSeconds + 600; seconds += FAST_POLLS) {
    // A minute side by side shows what the stable version refuses and fails.
    const isAlone = seconds > 60;
    const given = draws.poisson(PER_SECOND * FAST_POLLS);
    const candidate = seconds > afterSeconds ? turned : calm;
    evidence = addObservation(evidence, {
      ...{ hostId: 'simulated', host: 'simulated', at: toInstant(1_000 * seconds), seq: seconds },
      ...{
        seconds: FAST_POLLS,
        stage: isAlone ? last : last - 1,
        weights: { candidate: isAlone ? 100 : 50 },
      },
      candidate: candidate(given).counts,
      stable: stable(isAlone ? 0 : given).counts,
    });
    const isFound = evidence.peak.total >= -Math.log(PLAN.alarmAlpha);
    if (isFound) return seconds - afterSeconds;
  }
  return undefined;
}

type Run = { readonly candidate: Fate; readonly stable: Fate; readonly pollSeconds: number };

/** Runs one rollout to its end on the plan's defaults, deciding after every poll. */
function runRollout(draws: Draws, { pollSeconds, ...fates }: Run): Ending {
  const candidate = startArm(draws, fates.candidate, pollSeconds);
  const stable = startArm(draws, fates.stable, pollSeconds);
  let evidence = startEvidence(PLAN);
  let stage = 0;
  let stageStartedAt = 0;
  let lost = 0;
  for (let seconds = pollSeconds; ; seconds += pollSeconds) {
    const percent = PLAN.stages[stage] ?? 100;
    const requests = draws.poisson(PER_SECOND * pollSeconds);
    const given = draws.binomial(requests, percent / 100);
    const done = candidate(given);
    lost += done.lost;
    evidence = addObservation(evidence, {
      ...{ hostId: 'simulated', host: 'simulated', at: toInstant(1_000 * seconds), seq: seconds },
      ...{ seconds: pollSeconds, stage, weights: { candidate: percent } },
      candidate: done.counts,
      stable: stable(requests - given).counts,
    });
    const decision = decideRollout({
      plan: PLAN,
      evidence,
      stage,
      stageStartedAt: toInstant(1_000 * stageStartedAt),
      rolloutStartedAt: toInstant(0),
      now: toInstant(1_000 * seconds),
      control: 'running',
    });
    if (decision.kind === 'advance') {
      stage = decision.to;
      stageStartedAt = seconds;
    } else if (decision.kind !== 'continue') return { kind: decision.kind, seconds, lost };
  }
}

type Done = { readonly counts: ArmCounts; readonly lost: number };

/** A version that is given requests poll by poll; what it leaves unanswered ends when its clients' patience does. */
function startArm(draws: Draws, fate: Fate, pollSeconds: number): (given: number) => Done {
  const waiting = Array.from({ length: Math.ceil(PATIENCE_SECONDS / pollSeconds) }, () => 0);
  return (given) => {
    const hung = draws.binomial(given, fate.unanswered);
    waiting.push(hung);
    const unanswered = waiting.shift() ?? 0;
    const answered = given - hung;
    const refused = draws.binomial(answered, fate.refused);
    const failed = draws.binomial(answered - refused, fate.errors);
    return {
      counts: {
        requests: answered + unanswered,
        errors: failed + unanswered,
        unanswered,
        refused,
        invalid: 0,
        latency: { edges: EDGES, counts: draws.multinomial(answered, LATENCY) },
      },
      lost: hung + refused + failed,
    };
  };
}

function quantileOf(endings: readonly Ending[], pick: (ending: Ending) => number, q: number): number {
  const sorted = endings.map(pick).sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
