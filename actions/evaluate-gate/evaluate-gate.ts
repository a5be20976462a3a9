import type { CONTRACTS } from '../job/contract.ts';
import { readTraining } from '../job/handoff.ts';
import type { OutcomeOf } from '../job/outcome.ts';
import type { GatePorts, GateRequest } from './gate-context.ts';
import { judge } from './judge.ts';
import { predict, predictChampion } from './predict.ts';
import { readSaidPredictions } from './said-predictions.ts';

type Evaluated = OutcomeOf<(typeof CONTRACTS)['evaluate-gate']>;

/**
 * Does one phase, or all of them where one job may. The champion is asked first: nothing of the challenger has run by then.
 */
export async function evaluateGate(
  phase: 'predict' | 'predict-champion' | 'judge' | 'both',
  request: GateRequest,
  ports: GatePorts,
): Promise<Evaluated> {
  switch (phase) {
    case 'predict':
      return predict(request, ports, readTraining(request.training));
    case 'predict-champion':
      return predictChampion(request, ports);
    case 'judge':
      return judge(request, ports, {
        training: readTraining(request.training),
        predictions: readSaidPredictions(request.predictions),
      });
    case 'both': {
      const training = readTraining(request.training);
      const champion = linesOf('champion', await predictChampion(request, ports));
      const challenger = linesOf('challenger', await predict(request, ports, training));
      return judge(request, ports, { training, predictions: readSaidPredictions(challenger + champion) });
    }
  }
}

/** The outputs of a phase as the next one takes them in. */
function linesOf(
  side: string,
  { outputs: { predictions = '', box = '', explanation = '' } }: Evaluated,
): string {
  return `${side}=${predictions}\n${side}-box=${box}\n${side}-explanation=${explanation}\n`;
}
