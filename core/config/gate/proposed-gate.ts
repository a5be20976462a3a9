import { z } from 'zod';
import type { GateRule } from '../../gate/rules/rule.ts';
import { err, ok, type Result } from '../../result.ts';
import { comparePolicy } from '../compare-policy.ts';
import { formatPath } from '../describe-issue.ts';
import { gateRulesSchema } from '../schema/gate-rules.ts';
import { readWrittenYaml } from '../yaml-source.ts';

/** More than people write; the text goes from job to job, and each rule is judged once more. */
const MOST_CHARACTERS = 20_000;
const MOST_RULES = 50;

const fileSchema = z.looseObject({ gate: z.array(z.unknown()) });

/**
 * The rules of the gate that a commit's `trainyard.yml` (`theirs`) writes otherwise than the default branch's (`ours`), as JSON with
 * variables as they are written. Nothing where they are alike, or too many to be judged once more.
 */
export function writeProposedGate(ours: string, theirs: string): string | undefined {
  const isChanged = comparePolicy(ours, theirs).some(({ key }) => /^gate\b/.test(key));
  const file = isChanged ? fileSchema.safeParse(readWrittenYaml(theirs, '').value) : undefined;
  if (!file?.success) return undefined;
  const written = JSON.stringify(file.data.gate);
  return written.length > MOST_CHARACTERS ? undefined : written;
}

/** The rules in what `writeProposedGate` has written, or a sentence on what is wrong with them. */
export function readProposedGate(written: string): Result<readonly GateRule[], string> {
  const read = z.array(gateRulesSchema).min(1).safeParse(toJson(written), { reportInput: true });
  if (!read.success) {
    const [issue] = read.error.issues;
    return err(`${formatPath(['gate', ...(issue?.path ?? [])])}: ${issue?.message ?? 'it is no list'}.`);
  }
  const rules = read.data.flat();
  return rules.length > MOST_RULES ? err(`${rules.length} rules are more than ${MOST_RULES}.`) : ok(rules);
}

function toJson(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return undefined;
  }
}
