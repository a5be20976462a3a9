import { type PlanRequest, plan } from '../../../actions/plan/plan.ts';
import type { GitHub } from '../../../core/ports.ts';
import { bench } from '../../actions/support/plan-bench.ts';
import { type Answer, answersOf } from './mistake.ts';

type Bench = ReturnType<typeof bench>;
/** What is otherwise than in a repository where all is well. */
type Change = { readonly request?: Partial<PlanRequest>; readonly github?: Partial<GitHub> };

/** What the plan of an event answers: in its thread where it has one, else where the run is looked at. */
export async function byEvent(
  payload: unknown,
  change: (made: Bench) => Change = () => ({}),
  eventName = 'issue_comment',
): Promise<readonly Answer[]> {
  const made = bench(payload, eventName);
  const { request, github } = change(made);
  const ports = { ...made.ports, github: { ...made.github, ...github } };
  const told: Answer[] = [];
  const refused = await answersOf(
    plan({ ...made.request, ...request }, ports).then(({ decision, headline, result }) => {
      if (decision !== 'stop') throw new TypeError(`It was carried out: ${headline}`);
      told.push({ code: String(Object(result)['code'] ?? ''), said: headline });
    }),
  );
  return [...refused, ...told];
}
