import type { Examples } from '../../core/gate/examples.ts';
import { type GateRule, listExamples } from '../../core/gate/rules/rule.ts';
import type { GatePorts } from './gate-context.ts';

/** The files of examples that the gate names, each once: in every phase, so that nothing is predicted that could not be judged. */
export function readBehaviour(
  gate: readonly GateRule[],
  { readExamples }: GatePorts,
): Promise<readonly Examples[]> {
  return Promise.all(listExamples(gate).map((path) => readExamples(path)));
}
