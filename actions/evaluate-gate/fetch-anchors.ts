import type { AnswersContract } from '../../core/answers/contract.ts';
import type { Anchor } from '../../core/gate/gate-input.ts';
import type { HeldOut } from '../../core/gate/held-out.ts';
import { predictionsPath } from '../../core/gate/predictions-path.ts';
import {
  type EarlierChampion,
  findEarlierChampions,
} from '../../core/ledger/holdout/find-earlier-champions.ts';
import type { LedgerState } from '../../core/ledger/state.ts';
import { RUN_ARTIFACTS } from '../../core/names.ts';
import { fetchSide } from './fetch-side.ts';
import type { GatePorts, GateRequest } from './gate-context.ts';

/** The champions of the last year in the plan's environment whose predictions on this holdout the ledger names. */
export function earlierChampions(
  { plan }: GateRequest,
  { clock }: GatePorts,
  { state, held }: { readonly state: LedgerState; readonly held: HeldOut },
): readonly EarlierChampion[] {
  const { environment } = plan;
  if (environment === undefined) return [];
  return findEarlierChampions(state, { environment, holdoutDigest: held.digest, now: clock.now() });
}

/**
 * Their answers, from the predictions that judgements have been based on. Those that MLflow no longer holds are left out: the line of
 * champions begins anew after them. Rejects with a UserError where a file is not, byte for byte, what the ledger names.
 */
export async function fetchAnchors(
  ports: GatePorts,
  held: HeldOut,
  { earlier, expected }: { readonly earlier: readonly EarlierChampion[]; readonly expected: AnswersContract },
): Promise<readonly Anchor[]> {
  const anchors: Anchor[] = [];
  for (const { version, runId, modelUri, modelDigest, predictions: digest } of earlier) {
    const found = await ports.tracking.listArtifacts(runId, RUN_ARTIFACTS.predictions);
    if (!found.includes(predictionsPath(modelUri, held.digest, digest))) continue;
    const wanted = { who: 'champion', runId, modelUri, modelDigest, digest, metrics: {}, expected } as const;
    const { predictions } = await fetchSide(ports, held, wanted);
    anchors.push({ name: `v${version}`, predictions });
  }
  return anchors;
}
