import type { Boxes } from '../../core/gate/boxes.ts';
import { findUnknownPositive } from '../../core/gate/describe-answers.ts';
import type { Examples } from '../../core/gate/examples.ts';
import type { Anchor, GateInput } from '../../core/gate/gate-input.ts';
import type { HeldOut } from '../../core/gate/held-out.ts';
import { isBudgetRule } from '../../core/gate/rules/rule.ts';
import type { Study } from '../../core/ledger/search/study.ts';
import type { LedgerState, VersionState } from '../../core/ledger/state.ts';
import type { Trained } from '../job/handoff.ts';
import type { Decisions } from './decide-fixed.ts';
import type { JudgedSide } from './fetch-side.ts';
import type { GateRequest } from './gate-context.ts';

/** All that one judgement is made on. */
export type Judgement = {
  readonly training: Trained;
  readonly challenger: JudgedSide;
  readonly champion: VersionState | undefined;
  readonly other: JudgedSide | undefined;
  readonly anchors: readonly Anchor[];
  readonly held: HeldOut;
  readonly behaviour: readonly Examples[];
  readonly decisions: Decisions;
  readonly boxes: Boxes;
  /** The search that the challenger's parameters come from. */
  readonly study: Study | undefined;
};

/** What the gate looks at. */
export function toGateInput(
  { config, author }: GateRequest,
  state: LedgerState,
  judged: Judgement,
): GateInput {
  const { training, challenger, champion, other, anchors, held, decisions, boxes } = judged;
  const answered = (digest: string) => challenger.examples?.find((one) => one.digest === digest);
  const { digest } = held;
  const rules = config.gate.filter((rule) => !isBudgetRule(rule));
  const refused = Object.values(decisions).flatMap((one) => (one.kind === 'refused' ? [one.problem] : []));
  const unknown = findUnknownPositive(rules, challenger.answers);
  return {
    rules,
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
    behaviour: {
      files: judged.behaviour.map((examples) => ({ examples, answered: answered(examples.digest) })),
      contract: challenger.answers.contract,
    },
    holdout: { digest, gatesSoFar: gatesSoFar(state, judged) },
    boxes: { levels: boxes, require: config.box.require },
    unfit: unknown === undefined ? refused : [...refused, unknown],
    seed: `${challenger.modelDigest} ${other?.modelDigest ?? ''} ${digest}`,
    reproduce: `gh run rerun ${author.workflow.run} --repo ${author.workflow.repository}`,
    names: {
      challenger: `run ${training.runId.slice(0, 8)}`,
      ...(champion && { champion: `v${champion.version}` }),
    },
  };
}

/** How many gates were judged on this holdout before. Judging the same run again asks it nothing new. */
export function gatesSoFar(
  state: LedgerState,
  { training, held: { digest } }: Pick<Judgement, 'training' | 'held'>,
): number {
  const known = state.gates[training.runId]?.holdoutDigest === digest ? 1 : 0;
  return (state.gatesPerHoldout[digest] ?? 0) - known;
}
