import type { CONTRACTS } from '../job/contract.ts';
import type { OutcomeOf } from '../job/outcome.ts';
import type { GatePorts, GateRequest } from './gate-context.ts';
import { judge } from './judge.ts';
import { predict } from './predict.ts';

/** Does one phase, or both one after the other where one job may do both. */
export async function evaluateGate(
  phase: 'predict' | 'judge' | 'both',
  request: GateRequest,
  ports: GatePorts,
): Promise<OutcomeOf<(typeof CONTRACTS)['evaluate-gate']>> {
  if (phase === 'predict') return predict(request, ports);
  if (phase === 'both') await predict(request, ports);
  return judge(request, ports);
}
