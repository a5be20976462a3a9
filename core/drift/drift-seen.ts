import { z } from 'zod';
import { instantSchema } from '../instant.ts';
import { VERDICTS } from '../verdict.ts';
import { SEVERITIES } from './drift-options.ts';
import type { FastLaneJudgement } from './fast-lane.ts';
import type { DriftJudgement } from './judge-drift.ts';

/** Features that are told of, the most shifted first. */
const MOST_FEATURES = 12;
const MOST_FINDINGS = 5;

/** What a host saw when it last looked for drift of the version that serves. `index` is what chance does not explain; absent before the first batch. */
export const driftSeenSchema = z.object({
  at: instantSchema,
  version: z.string(),
  verdict: z.enum(VERDICTS),
  severity: z.enum(SEVERITIES),
  explanation: z.string(),
  batches: z.int(),
  openRows: z.int(),
  tolerance: z.number(),
  features: z
    .array(
      z.object({
        name: z.string(),
        verdict: z.enum(VERDICTS),
        severity: z.enum(SEVERITIES),
        index: z.number().optional(),
        rows: z.int().optional(),
        since: z.string().optional(),
      }),
    )
    .max(MOST_FEATURES),
  /** Features that are judged, those not told of among them. */
  judged: z.int(),
  /** What no day needs to pass for: missing values, unseen categories, invalid answers. */
  findings: z.array(z.string()).max(MOST_FINDINGS),
});
export type DriftSeen = z.infer<typeof driftSeenSchema>;

/** What a host keeps of its last look for drift. */
export function summarizeDrift(
  drift: DriftJudgement,
  { findings }: FastLaneJudgement,
  { at, tolerance }: Pick<DriftSeen, 'at' | 'tolerance'>,
): DriftSeen {
  return {
    at,
    version: drift.version,
    verdict: findings.length > 0 ? 'fail' : drift.verdict,
    severity: drift.severity,
    explanation: drift.explanation,
    batches: drift.batches,
    openRows: drift.openRows,
    tolerance,
    features: drift.features
      .slice(0, MOST_FEATURES)
      .map(({ name, said, verdict, severity, alarm, last }) => ({
        name: said ?? name,
        verdict,
        severity,
        ...(last && { index: last.index, rows: last.rows }),
        ...(alarm && { since: alarm.since }),
      })),
    judged: drift.features.length,
    findings: findings.slice(0, MOST_FINDINGS).map(({ message }) => message),
  };
}
