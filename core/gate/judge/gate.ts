import type { Problem } from '../../errors.ts';
import { type Verdict, worstVerdict } from '../../verdict.ts';
import { checkBoxes } from '../boxes.ts';
import type { Check } from '../check.ts';
import type { GateInput, GateResult } from '../gate-input.ts';
import { checkRules } from '../rules/check-rules.ts';
import { gatherEvidence } from './gather-evidence.ts';
import { headlineOf } from './headline.ts';
import { judgeHoldoutReuse, WORN_AFTER } from './holdout-reuse.ts';
import { judgeRules } from './rules.ts';

export type { GateInput, GateResult } from '../gate-input.ts';

/**
 * Judges a challenger by every rule. `pass` only when every rule passes; anything that cannot be decided, bad predictions among them,
 * is `inconclusive` with its reason. `gathered` is what `gatherEvidence` gives for the input, for those who need it
 * themselves. Pure: the same input gives the same result, bit for bit.
 */
export function judgeGate(input: GateInput, gathered = gatherEvidence(input)): GateResult {
  const unfitRules = [...checkRules(input.rules), ...checkHoldout(input), ...requiredBoxes(input)];
  const { evidence, problems: unfitPredictions } = gathered;
  const judged = unfitRules.length > 0 ? { checks: [], problems: [] } : judgeRules(input, evidence);
  const checks = [...judged.checks, ...reuseChecks(input)];
  const problems = distinct([...unfitRules, ...unfitPredictions, ...judged.problems]);
  const verdict = verdictOf(judged.checks, problems);
  return {
    schemaVersion: 1,
    verdict,
    headline: headlineOf(verdict, judged.checks, problems),
    checks,
    toSettle: [
      ...new Set([
        ...checks.flatMap(({ toSettle }) => toSettle ?? []),
        ...problems.map(({ remedy }) => remedy),
      ]),
    ],
    problems,
    ...(input.boxes && { boxes: input.boxes.levels }),
    seed: input.seed,
    reproduce: input.reproduce,
    holdout: input.holdout,
  };
}

function requiredBoxes({ boxes }: GateInput): readonly Problem[] {
  return boxes?.require === true ? checkBoxes(boxes.levels) : [];
}

function checkHoldout({ holdout, unfit = [] }: GateInput): readonly Problem[] {
  if (unfit.length > 0) return unfit;
  if (Number.isInteger(holdout.gatesSoFar) && holdout.gatesSoFar >= 0) return [];
  return [
    {
      code: 'bad-holdout-count',
      message: `The ledger counts ${String(holdout.gatesSoFar)} gates on this holdout.`,
      remedy: 'Check the ledger branch: the count must be a whole number of 0 or more.',
    },
  ];
}

/** Shown when it matters: a superiority claim pays for earlier gates, and a worn holdout wants replacing. */
function reuseChecks({ rules, holdout }: GateInput): Check[] {
  const claims = rules.some((rule) => rule.kind === 'compare' && rule.require === 'superior');
  return claims || holdout.gatesSoFar >= WORN_AFTER ? [judgeHoldoutReuse(holdout.gatesSoFar)] : [];
}

function verdictOf(checks: readonly Check[], problems: readonly Problem[]): Verdict {
  const worst = worstVerdict(checks.map(({ verdict }) => verdict));
  return problems.length > 0 && worst === 'pass' ? 'inconclusive' : worst;
}

function distinct(problems: readonly Problem[]): Problem[] {
  const seen = new Map(problems.map((problem) => [`${problem.code}\0${problem.message}`, problem]));
  return [...seen.values()];
}
