import type { CONTRACTS } from '../job/contract.ts';
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
      return predict(request, ports);
    case 'predict-champion':
      return predictChampion(request, ports);
    case 'judge':
      return judge(request, ports, readSaidPredictions(request.predictions));
    case 'both': {
      const champion = digestOf(await predictChampion(request, ports));
      const challenger = digestOf(await predict(request, ports));
      return judge(request, ports, readSaidPredictions(`challenger=${challenger}\nchampion=${champion}`));
    }
  }
}

function digestOf({ outputs }: Evaluated): string {
  return outputs.predictions ?? '';
}
