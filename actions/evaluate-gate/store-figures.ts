import { messageOf } from '../../core/errors.ts';
import type { Explanations } from '../../core/gate/explain/compare-importances.ts';
import type { GateFigure } from '../../core/gate/figures/figure.ts';
import { RUN_ARTIFACTS } from '../../core/names.ts';
import type { GatePorts } from './gate-context.ts';

/** What is kept of a judgement beside the evidence: its figures, and what the answers of both models hang on, as data. */
type Shown = { readonly figures: readonly GateFigure[]; readonly explanations: Explanations };

/** The figures of a judgement, and whether their pictures are with the run. */
export type StoredFigures = { readonly figures: readonly GateFigure[]; readonly areKept: boolean };

/** Stores the pictures with the run. The verdict is in the ledger by then and stands without them: what fails here is a warning. */
export async function storeFigures(
  { tracking, writeTemp, log }: GatePorts,
  runId: string,
  { figures, explanations }: Shown,
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
