import { z } from 'zod';
import type { StoredPredictions } from '../../adapters/read-predictions.ts';
import { UserError } from '../../core/errors.ts';
import type { GateInput, GateResult } from '../../core/gate/gate-input.ts';
import { judgeGate } from '../../core/gate/judge/gate.ts';
import { descriptionPath, predictionsPath } from '../../core/gate/predictions-path.ts';
import { reportGate } from '../../core/gate/report-gate.ts';
import { isBudgetRule } from '../../core/gate/rules/rule.ts';
import { type ModelSignature, parseSignature } from '../../core/gate/signature.ts';
import { type Champion, championOf } from '../../core/ledger/champion-of.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import type { LedgerState } from '../../core/ledger/state.ts';
import { RUN_ARTIFACTS, TAGS } from '../../core/names.ts';
import type { TrackingRun } from '../../core/ports.ts';
import { ok } from '../../core/result.ts';
import { appendOrThrow } from '../job/append-or-throw.ts';
import type { CONTRACTS } from '../job/contract.ts';
import type { OutcomeOf, ReasonCode } from '../job/outcome.ts';
import type { GatePorts, GateRequest } from './gate-context.ts';
import { requireModel } from './predict.ts';

type Judged = OutcomeOf<(typeof CONTRACTS)['evaluate-gate']>;

const REASON_CODES = {
  pass: 'gate-passed',
  fail: 'gate-failed',
  inconclusive: 'gate-inconclusive',
} as const satisfies Readonly<Record<GateResult['verdict'], ReasonCode>>;

const descriptionSchema = z.object({
  signature: z
    .object({ inputs: z.string().optional(), outputs: z.string().optional() })
    .nullish()
    .catch(undefined),
});

/** One model's stored predictions, and what its own run says of it. */
type Side = StoredPredictions & {
  readonly signature: ModelSignature | undefined;
  readonly metrics: Readonly<Record<string, number>>;
};

/**
 * Judges the challenger on stored predictions by the rules of the configuration at hand (the default branch's), and records the
 * verdict, once for the same evidence. It runs none of the user's code.
 */
export async function judge(request: GateRequest, ports: GatePorts): Promise<Judged> {
  const { config } = request;
  const state = await ports.ledger.read(config.model);
  const run = await requireModel(request, ports);
  const champion = championOf(state, request.plan.environment);
  const holdoutDigest = run.tags[TAGS.holdoutDigest] ?? '';
  const challenger = await fetchSide(ports, run, run.modelUri, run.runId, holdoutDigest);
  const other = champion && (await fetchSide(ports, run, champion.modelUri, champion.runId, holdoutDigest));
  const result = judgeGate(toInput(request, state, { run, challenger, champion, other }));
  const evidence = `${JSON.stringify(result, undefined, 2)}\n`;
  const file = await ports.writeTemp('gate.json', evidence);
  await ports.tracking.uploadArtifact(run.runId, RUN_ARTIFACTS.gate, file);
  await ports.tracking.setRunTags(run.runId, { [TAGS.modelDigest]: challenger.modelDigest });
  const events = recordVerdict(request, ports, { run, challenger, champion, result, evidence });
  await appendOrThrow(ports.ledger, config.model, () => ok(events));
  return conclude(result, run, request.plan.policyChanges ?? []);
}

type Judgement = {
  readonly run: TrackingRun;
  readonly challenger: Side;
  readonly champion: Champion | undefined;
};

function toInput(
  { config, author }: GateRequest,
  state: LedgerState,
  { run, challenger, champion, other }: Judgement & { readonly other: Side | undefined },
): GateInput {
  const digest = challenger.holdoutDigest;
  // Judging the same run again asks the holdout nothing new.
  const known = state.gates[run.runId]?.holdoutDigest === digest ? 1 : 0;
  return {
    rules: config.gate.filter((rule) => !isBudgetRule(rule)),
    challenger: challenger.predictions,
    ...(other && { champion: other.predictions }),
    userMetrics: { challenger: challenger.metrics, ...(other && { champion: other.metrics }) },
    ...(challenger.signature && {
      signatures: {
        challenger: challenger.signature,
        ...(other?.signature && { champion: other.signature }),
      },
    }),
    holdout: { digest, gatesSoFar: (state.gatesPerHoldout[digest] ?? 0) - known },
    seed: `${challenger.modelDigest} ${other?.modelDigest ?? ''} ${digest}`,
    reproduce: `gh run rerun ${author.workflow.run} --repo ${author.workflow.repository}`,
    names: {
      challenger: `run ${run.runId.slice(0, 8)}`,
      ...(champion && { champion: `v${champion.version}` }),
    },
  };
}

async function fetchSide(
  ports: GatePorts,
  run: TrackingRun,
  modelUri: string,
  ownRunId: string,
  holdoutDigest: string,
): Promise<Side> {
  const path = predictionsPath(modelUri, holdoutDigest);
  const stored = await ports.tracking.listArtifacts(run.runId, RUN_ARTIFACTS.predictions);
  if (!stored.includes(path)) throw missingPredictions(run.runId, modelUri);
  const file = ports.tempPath(`${ownRunId}.parquet`);
  await ports.tracking.downloadArtifact(run.runId, path, file);
  const predictions = await ports.readPredictions(file);
  const description = ports.tempPath(`${ownRunId}.json`);
  await ports.tracking.downloadArtifact(run.runId, descriptionPath(modelUri, holdoutDigest), description);
  const { signature } = descriptionSchema.parse(JSON.parse(await ports.readText(description)));
  const { metrics } = ownRunId === run.runId ? run : await ports.tracking.getRun(ownRunId);
  return { ...predictions, signature: parseSignature(signature?.inputs, signature?.outputs), metrics };
}

function missingPredictions(runId: string, modelUri: string): UserError {
  return new UserError([
    {
      code: 'predictions-missing',
      message: `Run ${runId} holds no predictions of ${modelUri} on its holdout.`,
      remedy: 'Run the predict phase again: the champion may have changed since.',
    },
  ]);
}

/** The training's own events are written here too: the train job runs the user's code and may not write to the ledger. */
function recordVerdict(
  { plan, author }: GateRequest,
  { clock, hashText }: GatePorts,
  judged: Judgement & { readonly result: GateResult; readonly evidence: string },
): readonly LedgerEvent[] {
  const { run, challenger, champion, result, evidence } = judged;
  const context = { ...author, at: clock.now() };
  const { runId, modelUri } = run;
  const dataDigest = run.tags[TAGS.dataDigest];
  const data = dataDigest === undefined ? {} : { dataDigest };
  const evidenceDigest = hashText(evidence);
  return [
    createEvent(context, 'training.started', { runId, sha: plan.sha, ...data }, runId),
    createEvent(
      context,
      'training.finished',
      {
        runId,
        status: 'finished',
        modelDigest: challenger.modelDigest,
        ...(modelUri !== undefined && { modelUri }),
        ...data,
      },
      runId,
    ),
    // Judged again with the same evidence it is the same event; with other rules or another champion it is not.
    createEvent(
      context,
      'gate.judged',
      {
        runId,
        verdict: result.verdict,
        headline: result.headline,
        holdoutDigest: challenger.holdoutDigest,
        evidenceDigest,
        ...(champion && { champion: champion.version }),
      },
      runId,
      evidenceDigest.slice(7, 19),
    ),
  ];
}

/** Only a pass goes on; the job itself has done its work, so it succeeds whatever the verdict. */
function conclude(result: GateResult, run: TrackingRun, policyChanges: readonly string[]): Judged {
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
      runId: run.runId,
      url: run.url,
      checks: result.checks,
      problems: result.problems,
      policyChanges,
    },
  };
}
