import type { ModelsPolicy } from '../../core/config/config.ts';
import { messageOf } from '../../core/errors.ts';
import type { Explanations } from '../../core/gate/explain/compare-importances.ts';
import { describeExplanation } from '../../core/gate/explain/describe-explanation.ts';
import { showExplanation } from '../../core/gate/explain/show-explanation.ts';
import type { GateFigure } from '../../core/gate/figures/figure.ts';
import { showGate } from '../../core/gate/figures/show-gate.ts';
import type { GateResult } from '../../core/gate/gate-input.ts';
import type { Names } from '../../core/gate/judge/compare.ts';
import type { gatherEvidence } from '../../core/gate/judge/gather-evidence.ts';
import { RUN_ARTIFACTS } from '../../core/names.ts';
import { fetchExplanation } from './fetch-side.ts';
import type { GatePorts } from './gate-context.ts';
import type { SaidPredictions } from './said-predictions.ts';
import type { Judgement } from './to-gate-input.ts';

/** What is kept of a judgement beside the evidence: its figures, and what the answers of both models hang on, as data. */
type ToStore = { readonly figures: readonly GateFigure[]; readonly explanations: Explanations };

/** The figures of a judgement, and whether their pictures are with the run. */
export type StoredFigures = { readonly figures: readonly GateFigure[]; readonly areKept: boolean };

/** How a judgement came out, and on what. */
type Shown = {
  readonly result: GateResult;
  readonly gathered: ReturnType<typeof gatherEvidence>;
  readonly names: Names;
  readonly predictions: SaidPredictions;
  readonly models: ModelsPolicy;
};

/** Draws and keeps what stands beside the checks, and says what the answers hang on: none of it has a part in the verdict. */
export async function showJudgement(
  ports: GatePorts,
  { training, champion, held }: Judgement,
  { result, gathered, names, predictions, models }: Shown,
): Promise<StoredFigures & { readonly explained: readonly string[] }> {
  const digests = {
    challenger: predictions.challenger.explanation,
    champion: predictions.champion?.explanation,
  };
  const explanations = {
    challenger: await fetchExplanation(ports, held, {
      ...{ ...training, who: 'challenger', digest: digests.challenger },
    }),
    champion:
      champion &&
      (await fetchExplanation(ports, held, { ...champion, who: 'champion', digest: digests.champion })),
  };
  const how = models.champion === 'stored' ? 'stored' : 'asked';
  const asked = { isAsked: models.explain !== undefined, champion: champion ? how : 'none' } as const;
  const figures = [
    ...(gathered.evidence ? showGate(result, gathered.evidence, names) : []),
    ...showExplanation(explanations, names),
  ];
  const stored = await storeFigures(ports, training.runId, { figures, explanations });
  return { ...stored, explained: describeExplanation(explanations, asked) };
}

/** Stores the pictures with the run. The verdict is in the ledger by then and stands without them: what fails here is a warning. */
async function storeFigures(
  { tracking, writeTemp, log }: GatePorts,
  runId: string,
  { figures, explanations }: ToStore,
): Promise<StoredFigures> {
  try {
    for (const { file, svg } of figures) {
      const written = await writeTemp(file, svg);
      await tracking.uploadArtifact(runId, `${RUN_ARTIFACTS.pictures}/${file}`, written);
    }
    if (explanations.challenger !== undefined) {
      const written = await writeTemp('explanation.json', `${JSON.stringify(explanations, undefined, 2)}\n`);
      await tracking.uploadArtifact(runId, RUN_ARTIFACTS.explanation, written);
    }
    return { figures, areKept: true };
  } catch (thrown) {
    log.warn(`The pictures could not be stored with run ${runId}: ${messageOf(thrown)}`);
    return { figures, areKept: false };
  }
}
