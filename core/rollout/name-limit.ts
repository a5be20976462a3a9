import { formatPercent } from '../report/format-number.ts';
import type { Harm } from './evidence/bets.ts';
import type { Evidence } from './evidence/evidence.ts';

/** The key of trainyard.yml that says from when on a difference is this harm, and its present value; nothing where no key does. */
export function nameLimit({ plan, objective }: Evidence, harm: Harm): string {
  switch (harm) {
    case 'slow':
      return sayLimit('latency-margin', formatPercent(plan.latencyMargin));
    case 'errors':
    case 'refused':
    case 'invalid':
      return sayLimit('tolerance', String(plan.tolerance));
    case 'objective':
      return objective.isConfigured && objective.limit !== undefined
        ? sayLimit('max-error-rate', formatPercent(objective.limit))
        : '';
    case 'refusedAlone':
      return '';
  }
}

function sayLimit(key: string, value: string): string {
  return ` Its limit is \`${key}\` under rollout in trainyard.yml, ${value} now.`;
}
