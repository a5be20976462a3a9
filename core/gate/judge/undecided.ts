import type { Check } from '../check.ts';
import type { Undefined } from '../metrics/metric.ts';
import { whatSettles } from './what-settles.ts';

/** What could not be judged: the rule by its name, the metric, what was asked for in words, and why it is open. */
type OpenQuestion = Pick<Check, 'rule' | 'metric' | 'need'> & {
  readonly why: Undefined;
  readonly rows?: number;
};

/** A check that these data cannot decide, and why. */
export function undecided({ rule, metric, need, why, rows }: OpenQuestion): Check {
  const toSettle = whatSettles(why.code, metric);
  return {
    rule,
    metric,
    need,
    verdict: 'inconclusive',
    reasons: [
      {
        code: why.code,
        metric,
        message: `${metric}: ${why.message}`,
        ...(rows === undefined ? {} : { sampleSize: rows }),
      },
    ],
    ...(toSettle === undefined ? {} : { toSettle }),
  };
}
