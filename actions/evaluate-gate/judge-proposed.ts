import { readProposedGate } from '../../core/config/gate/proposed-gate.ts';
import type { GateResult } from '../../core/gate/gate-input.ts';
import { judgeGate } from '../../core/gate/judge/gate.ts';
import type { gatherEvidence } from '../../core/gate/judge/gather-evidence.ts';
import type { LedgerState } from '../../core/ledger/state.ts';
import type { GateRequest } from './gate-context.ts';
import { type Judgement, toGateInput } from './to-gate-input.ts';

/** What was judged by the rules in force, and on which ledger. */
type InForce = {
  readonly request: GateRequest;
  readonly state: LedgerState;
  readonly judged: Judgement;
  readonly gathered: ReturnType<typeof gatherEvidence>;
};

/** What the rules say, or why they can't be judged by. */
type Beside = { readonly result?: GateResult; readonly notes?: readonly string[] };

/**
 * Judges the same answers by the rules that the commit itself writes (`written`, as plan hands them on), for people to see: nothing of it is
 * evidence, is recorded, or decides.
 */
export function judgeProposed(written: string, { request, state, judged, gathered }: InForce): Beside {
  const gate = readProposedGate(written);
  if (!gate.ok) return { notes: [`The rules that this commit writes can't be judged by. ${gate.error}`] };
  const config = { ...request.config, gate: gate.value };
  return { result: judgeGate(toGateInput({ ...request, config }, state, judged), gathered) };
}
