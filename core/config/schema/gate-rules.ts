import { z } from 'zod';
import { reportCrossProblems } from '../cross-problem.ts';
import { readGateEntry } from '../gate/read-gate-entry.ts';
import { gateEntrySchema } from './gate.ts';

/** One entry of the gate, read as the rules it stands for. */
export const gateRulesSchema = gateEntrySchema.transform((entry, context) => {
  const read = readGateEntry(entry);
  if (read.ok) return read.value;
  reportCrossProblems(context, read.error);
  return z.NEVER;
});
