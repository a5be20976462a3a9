import type { AnswersContract } from '../../core/answers/contract.ts';
import { UserError } from '../../core/errors.ts';
import type { Anchor } from '../../core/gate/gate-input.ts';
import type { HeldOut } from '../../core/gate/held-out.ts';
import { describeLeftOut } from '../../core/gate/judge/anchor.ts';
import type { Predictions } from '../../core/gate/predictions.ts';
import {
  type EarlierChampion,
  findEarlierChampions,
} from '../../core/ledger/holdout/find-earlier-champions.ts';
import type { LedgerState } from '../../core/ledger/state.ts';
import { err, ok, type Result } from '../../core/result.ts';
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

/** Codes of predictions that are not what the ledger names: somebody has changed them, and nothing is judged beside that. */
const TAMPERED: ReadonlySet<string> = new Set(['predictions-exchanged', 'model-altered']);

/** The earlier champions that can be compared with, and a sentence on each that cannot. */
type Anchors = { readonly anchors: readonly Anchor[]; readonly notes: readonly string[] };

/**
 * Their answers, from the predictions that judgements have been based on. One whose predictions MLflow no longer holds, or that were made to
 * be read otherwise than today, is left out and named. Rejects with a UserError where a file is not, byte for byte, what the ledger names.
 */
export async function fetchAnchors(
  ports: GatePorts,
  held: HeldOut,
  { earlier, expected }: { readonly earlier: readonly EarlierChampion[]; readonly expected: AnswersContract },
): Promise<Anchors> {
  const anchors: Anchor[] = [];
  const notes: string[] = [];
  for (const champion of earlier) {
    const name = `v${champion.version}`;
    const fetched = await fetchAnchor(ports, held, { champion, expected });
    if (fetched.ok) anchors.push({ name, predictions: fetched.value });
    else notes.push(describeLeftOut(name, fetched.error));
  }
  return { anchors, notes };
}

/** One's answers, or why it cannot be compared with. */
async function fetchAnchor(
  ports: GatePorts,
  held: HeldOut,
  { champion, expected }: { readonly champion: EarlierChampion; readonly expected: AnswersContract },
): Promise<Result<Predictions, string>> {
  const { runId, modelUri, modelDigest, predictions: digest, judged } = champion;
  const wanted = {
    ...{ who: 'champion' as const, runId, modelUri, modelDigest, digest, metrics: {} },
    ...{ expected, judged },
  };
  try {
    const { predictions } = await fetchSide(ports, held, wanted);
    // The code of a user's own metrics may have changed since: what it gave then is no measure of what it gives now.
    return ok({ ...predictions, rowMetrics: {} });
  } catch (thrown) {
    if (!(thrown instanceof UserError) || thrown.problems.some(({ code }) => TAMPERED.has(code)))
      throw thrown;
    return err(thrown.problems.map(({ message }) => message).join(' '));
  }
}
