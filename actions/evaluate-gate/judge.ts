import { type AnswersContract, mergeContracts } from '../../core/answers/contract.ts';
import { optional } from '../../core/config/optional.ts';
import { type Problem, UserError } from '../../core/errors.ts';
import type { Boxes } from '../../core/gate/boxes.ts';
import type { GateResult } from '../../core/gate/gate-input.ts';
import type { HeldOut } from '../../core/gate/held-out.ts';
import { judgeGate } from '../../core/gate/judge/gate.ts';
import { gatherEvidence } from '../../core/gate/judge/gather-evidence.ts';
import { reportGate } from '../../core/gate/report-gate.ts';
import { championOf } from '../../core/ledger/champion-of.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import type { LedgerState, VersionState } from '../../core/ledger/state.ts';
import { RUN_ARTIFACTS, TAGS } from '../../core/names.ts';
import { believeStudy, failsProduction } from '../../core/plan/training/find-search.ts';
import type { TrackingRun } from '../../core/ports.ts';
import { err, ok } from '../../core/result.ts';
import type { CONTRACTS } from '../job/contract.ts';
import { readHandedOn, type Trained } from '../job/handoff.ts';
import type { OutcomeOf, ReasonCode } from '../job/outcome.ts';
import { areSame, type Decisions, decideFixed } from './decide-fixed.ts';
import { describeAsking } from './describe-asking.ts';
import { earlierChampions, fetchAnchors } from './fetch-anchors.ts';
import { fetchSide, type JudgedSide } from './fetch-side.ts';
import type { GatePorts, GateRequest } from './gate-context.ts';
import { judgeProposed } from './judge-proposed.ts';
import { readPresentHoldout } from './present-holdout.ts';
import { readBehaviour } from './read-behaviour.ts';
import { requireSameChampion } from './require-same-champion.ts';
import { requireTrainedModel } from './require-trained-model.ts';
import type { SaidPredictions } from './said-predictions.ts';
import { type StoredFigures, showJudgement } from './show-judgement.ts';
import { gatesSoFar, type Judgement, toGateInput } from './to-gate-input.ts';

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
  const behaviour = await readBehaviour(config.gate, ports);
  const state = await ports.ledger.read(config.model);
  const { training, predictions } = said;
  await requireTrainedModel(plan, training, { state, tracking: ports.tracking });
  const study = believeStudy(training.study, plan, state);
  if (failsProduction(plan, study)) throw notOfProduction(training.runId);
  const champion = championOf(state, plan.environment);
  requireSameChampion(request, champion);
  const expected = mergeContracts(config.answers, state.answers?.contract);
  const challenger = await fetchSide(ports, held, {
    ...training,
    who: 'challenger',
    digest: predictions.challenger.digest,
    expected,
    judged: undefined,
  });
  const digest = predictions.champion?.digest;
  const other = champion && (await fetchChampion(ports, held, { champion, digest, expected }));
  const earlier = earlierChampions(request, ports, { state, held });
  const { anchors, notes: leftOut } = await fetchAnchors(ports, held, { earlier, expected });
  const boxes = boxesOf(said, other);
  const answers = { declared: config.answers, contract: challenger.answers.contract };
  const decide = (on: LedgerState): Decisions => decideFixed(on, present, answers);
  const decisions = decide(state);
  const judged = { training, challenger, champion, other, anchors, held, behaviour, decisions, boxes, study };
  const input = toGateInput(request, state, judged);
  const gathered = gatherEvidence(input);
  const result = judgeGate(input, gathered);
  const evidence = `${JSON.stringify(result, undefined, 2)}\n`;
  const file = await ports.writeTemp('gate.json', evidence);
  await ports.tracking.uploadArtifact(training.runId, RUN_ARTIFACTS.gate, file);
  await ports.tracking.setRunTags(training.runId, { [TAGS.modelDigest]: training.modelDigest });
  const events = recordVerdict(request, ports, { ...judged, result, evidence });
  const appended = await ports.ledger.append(config.model, (now) => {
    const stands =
      areSame(decisions, decide(now)) &&
      championOf(now, plan.environment)?.version === champion?.version &&
      gatesSoFar(now, judged) === input.holdout.gatesSoFar;
    return stands ? ok(events) : err(LEDGER_MOVED);
  });
  if (!appended.ok) {
    if (appended.error === LEDGER_MOVED) return undefined;
    throw new UserError([appended.error]);
  }
  const { url } = await ports.tracking.getRun(training.runId);
  const { policyChanges = [], proposedGate } = plan;
  const asked = [...describeAsking(config.models, judged), ...(held.groupNote ? [held.groupNote] : [])];
  const proposed =
    proposedGate === undefined ? {} : judgeProposed(proposedGate, { request, state, judged, gathered });
  const notes = [...(proposed.notes ?? []), ...asked, ...leftOut, ...gathered.notes];
  const { explained, ...stored } = await showJudgement(ports, judged, {
    ...{ result, gathered, predictions },
    ...{ names: input.names, models: config.models },
  });
  const told = { policyChanges, notes: [...notes, ...explained], ...stored };
  return conclude({ result, proposed: proposed.result }, { runId: training.runId, url }, told);
}

/** What the jobs before say: which model was trained, and what was predicted with. */
type Said = { readonly training: Trained; readonly predictions: SaidPredictions };

const LEDGER_MOVED: Problem = {
  code: 'ledger-moved',
  message: 'Other jobs have judged or promoted a model each time before this one could record its verdict.',
  remedy: 'Run this job again.',
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

/** The champion, what vouches for its predictions, and what they are read by. */
type ChampionAsked = {
  readonly champion: VersionState;
  readonly digest: string | undefined;
  readonly expected: AnswersContract;
};

function fetchChampion(
  ports: GatePorts,
  held: HeldOut,
  { champion, digest, expected }: ChampionAsked,
): Promise<JudgedSide> {
  const { runId, modelUri, modelDigest, gate } = champion;
  return fetchSide(ports, held, {
    ...{ who: 'champion', runId, modelUri, modelDigest, fixedMetrics: gate?.metrics ?? {} },
    digest: readHandedOn('predictions', digest ?? ''),
    expected,
    judged: gate?.answers,
  });
}

function notOfProduction(runId: string): UserError {
  return new UserError([
    {
      code: 'not-of-production',
      message: `A production run was asked for, and the job train names no search of the ledger whose parameters and data run ${runId} had.`,
      remedy: 'Train again with the same version of all Trainyard actions, or without --production.',
    },
  ]);
}

/** The training's own events are written here too: the train job runs the user's code and may not write to the ledger. */
function recordVerdict(
  { plan, author }: GateRequest,
  { clock, hashText }: GatePorts,
  judged: Judgement & { readonly result: GateResult; readonly evidence: string },
): readonly LedgerEvent[] {
  const { training, champion, other, held, decisions, result, evidence } = judged;
  const { holdout, answers } = decisions;
  const { training: box, ...boxes } = judged.boxes;
  const context = { ...author, at: clock.now() };
  const { runId, modelUri, modelDigest, dataDigest } = training;
  const evidenceDigest = hashText(evidence);
  return [
    createEvent(context, 'training.started', { runId, sha: plan.sha, dataDigest }, runId),
    createEvent(
      context,
      'training.finished',
      {
        ...({ runId, status: 'finished', modelUri, modelDigest, dataDigest, box } as const),
        ...optional('study', judged.study),
      },
      runId,
    ),
    ...(holdout.kind === 'fixed'
      ? [createEvent(context, 'holdout.fixed', holdout.data, holdout.data.sha, held.digest.slice(7, 19))]
      : []),
    // What a model answers that does not pass says nothing of the next.
    ...(answers.kind === 'fixed' && result.verdict === 'pass'
      ? [createEvent(context, 'answers.fixed', answers.data, runId, answers.data.sha.slice(0, 12))]
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
        predictions: judged.challenger.digest,
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

/** What the report says beside the result. */
type Told = StoredFigures & {
  readonly policyChanges: readonly string[];
  readonly notes: readonly string[];
};

/** Only a pass goes on; the job itself has done its work, so it succeeds whatever the verdict. */
function conclude(
  { result, proposed }: { readonly result: GateResult; readonly proposed: GateResult | undefined },
  run: Pick<TrackingRun, 'runId' | 'url'>,
  { figures, areKept, ...said }: Told,
): Judged {
  const { verdict, headline } = result;
  const notes = [...said.policyChanges, ...said.notes];
  const kept = { url: `${run.url}/artifacts`, folder: RUN_ARTIFACTS.pictures };
  return {
    decision: verdict === 'pass' ? 'continue' : 'stop',
    reasonCode: REASON_CODES[verdict],
    headline,
    report: reportGate(result, {
      notes,
      figures,
      ...optional('proposed', proposed),
      ...(areKept && { kept }),
    }),
    outputs: { verdict },
    result: {
      verdict,
      headline,
      ...(proposed && { proposed: { verdict: proposed.verdict, headline: proposed.headline } }),
      ...run,
      checks: result.checks,
      problems: result.problems,
      ...said,
    },
  };
}
