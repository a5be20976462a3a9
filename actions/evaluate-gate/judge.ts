import { optional } from '../../core/config/optional.ts';
import { type Problem, UserError } from '../../core/errors.ts';
import type { Boxes } from '../../core/gate/boxes.ts';
import type { Anchor, GateInput, GateResult } from '../../core/gate/gate-input.ts';
import type { HeldOut } from '../../core/gate/held-out.ts';
import { judgeGate } from '../../core/gate/judge/gate.ts';
import { reportGate } from '../../core/gate/report-gate.ts';
import { isBudgetRule } from '../../core/gate/rules/rule.ts';
import { championOf } from '../../core/ledger/champion-of.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { fixHoldout, type HoldoutDecision } from '../../core/ledger/holdout/fix-holdout.ts';
import type { LedgerState, VersionState } from '../../core/ledger/state.ts';
import { RUN_ARTIFACTS, TAGS } from '../../core/names.ts';
import type { TrackingRun } from '../../core/ports.ts';
import { err, ok } from '../../core/result.ts';
import type { CONTRACTS } from '../job/contract.ts';
import { readHandedOn, type Trained } from '../job/handoff.ts';
import type { OutcomeOf, ReasonCode } from '../job/outcome.ts';
import { earlierChampions, fetchAnchors } from './fetch-anchors.ts';
import { fetchSide, type JudgedSide } from './fetch-side.ts';
import type { GatePorts, GateRequest } from './gate-context.ts';
import { readPresentHoldout } from './present-holdout.ts';
import { requireTrainedModel } from './require-trained-model.ts';
import type { SaidPredictions } from './said-predictions.ts';

type Judged = OutcomeOf<(typeof CONTRACTS)['evaluate-gate']>;

const REASON_CODES = {
  pass: 'gate-passed',
  fail: 'gate-failed',
  inconclusive: 'gate-inconclusive',
} as const satisfies Readonly<Record<GateResult['verdict'], ReasonCode>>;

/** Other jobs may write while this one judges: what was judged on a ledger that has moved on is judged anew, so often at most. */
const MOST_ROUNDS = 5;

/**
 * Judges the challenger on stored predictions by the rules and on the holdout of the configuration at hand (the default branch's), and
 * records the verdict, once for the same evidence. It runs none of the user's code: what is true it reads itself, and of the model and of
 * the predictions it takes those that the jobs which made them vouch for. The bytes of the model it hashes itself, and fixes in the ledger.
 */
export async function judge(request: GateRequest, ports: GatePorts, said: Said): Promise<Judged> {
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const judged = await judgeOnce(request, ports, said);
    if (judged !== undefined) return judged;
  }
  throw new UserError([LEDGER_MOVED]);
}

/** Judges and records; nothing where the ledger has moved on meanwhile from what the verdict stands on. */
async function judgeOnce(request: GateRequest, ports: GatePorts, said: Said): Promise<Judged | undefined> {
  const { config, plan } = request;
  const { held, present } = await readPresentHoldout(request, ports);
  const state = await ports.ledger.read(config.model);
  const { training, predictions } = said;
  await requireTrainedModel(plan, training, { state, tracking: ports.tracking });
  const champion = championOf(state, plan.environment);
  requireSameChampion(request, champion);
  const challenger = await fetchSide(ports, held, {
    ...training,
    who: 'challenger',
    digest: predictions.challenger.digest,
  });
  const digest = predictions.champion?.digest;
  const other = champion && (await fetchChampion(ports, held, { champion, digest }));
  const anchors = await fetchAnchors(ports, held, earlierChampions(request, ports, { state, held }));
  const boxes = boxesOf(said, other);
  const decision = fixHoldout(state, present);
  const judged = { training, challenger, champion, other, anchors, held, decision, boxes };
  const input = toInput(request, state, judged);
  const result = judgeGate(input);
  const evidence = `${JSON.stringify(result, undefined, 2)}\n`;
  const file = await ports.writeTemp('gate.json', evidence);
  await ports.tracking.uploadArtifact(training.runId, RUN_ARTIFACTS.gate, file);
  await ports.tracking.setRunTags(training.runId, { [TAGS.modelDigest]: training.modelDigest });
  const events = recordVerdict(request, ports, { ...judged, result, evidence });
  const appended = await ports.ledger.append(config.model, (now) => {
    const stands =
      isSame(decision, fixHoldout(now, present)) &&
      championOf(now, plan.environment)?.version === champion?.version &&
      gatesSoFar(now, judged) === input.holdout.gatesSoFar;
    return stands ? ok(events) : err(LEDGER_MOVED);
  });
  if (!appended.ok) {
    if (appended.error === LEDGER_MOVED) return undefined;
    throw new UserError([appended.error]);
  }
  const { url } = await ports.tracking.getRun(training.runId);
  return conclude(result, { runId: training.runId, url }, request.plan.policyChanges ?? []);
}

/** What the jobs before say: which model was trained, and what was predicted with. */
type Said = { readonly training: Trained; readonly predictions: SaidPredictions };

/** Somebody judged in between: what they have fixed may be this very holdout. */
function isSame(then: HoldoutDecision, now: HoldoutDecision): boolean {
  return then.kind === now.kind || (then.kind === 'fixed' && now.kind === 'known');
}

/** How many gates were judged on this holdout before. Judging the same run again asks it nothing new. */
function gatesSoFar(
  state: LedgerState,
  { training, held: { digest } }: Pick<Judgement, 'training' | 'held'>,
): number {
  const known = state.gates[training.runId]?.holdoutDigest === digest ? 1 : 0;
  return (state.gatesPerHoldout[digest] ?? 0) - known;
}

const LEDGER_MOVED: Problem = {
  code: 'ledger-moved',
  message: 'Other jobs have judged or promoted a model each time before this one could record its verdict.',
  remedy: 'Run this job again.',
};

type Judgement = {
  readonly training: Trained;
  readonly challenger: JudgedSide;
  readonly champion: VersionState | undefined;
  readonly other: JudgedSide | undefined;
  readonly anchors: readonly Anchor[];
  readonly held: HeldOut;
  readonly decision: HoldoutDecision;
  readonly boxes: Boxes;
};

function boxesOf(
  { training, predictions: { challenger, champion } }: Said,
  other: JudgedSide | undefined,
): Boxes {
  return {
    ...{ training: training.box, challenger: challenger.box },
    ...(other && champion && { champion: champion.box }),
  };
}

function toInput({ config, author }: GateRequest, state: LedgerState, judged: Judgement): GateInput {
  const { training, challenger, champion, other, anchors, held, decision, boxes } = judged;
  const { digest } = held;
  return {
    rules: config.gate.filter((rule) => !isBudgetRule(rule)),
    challenger: challenger.predictions,
    ...(other && { champion: other.predictions }),
    anchors,
    userMetrics: { challenger: challenger.metrics, ...(other && { champion: other.metrics }) },
    ...(challenger.signature && {
      signatures: {
        challenger: challenger.signature,
        ...(other?.signature && { champion: other.signature }),
      },
    }),
    holdout: { digest, gatesSoFar: gatesSoFar(state, judged) },
    boxes: { levels: boxes, require: config.box.require },
    ...(decision.kind === 'refused' && { holdoutProblem: decision.problem }),
    seed: `${challenger.modelDigest} ${other?.modelDigest ?? ''} ${digest}`,
    reproduce: `gh run rerun ${author.workflow.run} --repo ${author.workflow.repository}`,
    names: {
      challenger: `run ${training.runId.slice(0, 8)}`,
      ...(champion && { champion: `v${champion.version}` }),
    },
  };
}

/** The champion of the plan, which was predicted with; it must be who serves now. */
function requireSameChampion({ plan }: GateRequest, champion: VersionState | undefined): void {
  if (champion?.version === plan.champion?.version) return;
  const name = (version: string | undefined) => (version === undefined ? 'nothing' : `version ${version}`);
  throw new UserError([
    {
      code: 'champion-changed',
      message: `${name(champion?.version)} serves now, and ${name(plan.champion?.version)} was predicted with.`,
      remedy: 'Run all jobs of this workflow again: plan then names who serves.',
    },
  ]);
}

function fetchChampion(
  ports: GatePorts,
  held: HeldOut,
  { champion, digest }: { readonly champion: VersionState; readonly digest: string | undefined },
): Promise<JudgedSide> {
  const { runId, modelUri, modelDigest, gate } = champion;
  return fetchSide(ports, held, {
    ...{ who: 'champion', runId, modelUri, modelDigest, fixedMetrics: gate?.metrics ?? {} },
    digest: readHandedOn('predictions', digest ?? ''),
  });
}

/** The training's own events are written here too: the train job runs the user's code and may not write to the ledger. */
function recordVerdict(
  { plan, author }: GateRequest,
  { clock, hashText }: GatePorts,
  judged: Judgement & { readonly result: GateResult; readonly evidence: string },
): readonly LedgerEvent[] {
  const { training, champion, other, held, decision, result, evidence } = judged;
  const { training: box, ...boxes } = judged.boxes;
  const context = { ...author, at: clock.now() };
  const { runId, modelUri, modelDigest, dataDigest } = training;
  const evidenceDigest = hashText(evidence);
  return [
    createEvent(context, 'training.started', { runId, sha: plan.sha, dataDigest }, runId),
    createEvent(
      context,
      'training.finished',
      { runId, status: 'finished', modelUri, modelDigest, dataDigest, box },
      runId,
    ),
    ...(decision.kind === 'fixed'
      ? [createEvent(context, 'holdout.fixed', decision.data, decision.data.sha, held.digest.slice(7, 19))]
      : []),
    // Judged again with the same evidence it is the same event; with other rules or another champion it is not.
    createEvent(
      context,
      'gate.judged',
      {
        runId,
        verdict: result.verdict,
        headline: result.headline,
        holdoutDigest: held.digest,
        evidenceDigest,
        modelDigest,
        ...(champion && { champion: champion.version }),
        ...(other && { championPredictions: other.digest }),
        ...optional('metrics', listLogged(result)),
        boxes,
      },
      runId,
      evidenceDigest.slice(7, 19),
    ),
  ];
}

/** Values that rules took from the challenger's run: what its run says later is not what was judged. */
function listLogged({ checks }: GateResult): Readonly<Record<string, number>> | undefined {
  const logged = checks.flatMap(({ metric, challenger, asLogged }) =>
    challenger !== undefined && Number.isFinite(challenger) && asLogged?.includes('challenger')
      ? [[metric, challenger] as const]
      : [],
  );
  return logged.length === 0 ? undefined : Object.fromEntries(logged);
}

/** Only a pass goes on; the job itself has done its work, so it succeeds whatever the verdict. */
function conclude(
  result: GateResult,
  run: Pick<TrackingRun, 'runId' | 'url'>,
  policyChanges: readonly string[],
): Judged {
  const { verdict, headline } = result;
  return {
    decision: verdict === 'pass' ? 'continue' : 'stop',
    reasonCode: REASON_CODES[verdict],
    headline,
    report: reportGate(result, policyChanges),
    outputs: { verdict },
    result: {
      verdict,
      headline,
      ...run,
      checks: result.checks,
      problems: result.problems,
      policyChanges,
    },
  };
}
