import { z } from 'zod';
import { instantSchema } from '../../instant.ts';

/** Points that a curve of evidence has at most. */
const MOST_POINTS = 300;

/** The evidence of harm right after one poll, as its natural logarithm. */
const evidencePointSchema = z.object({ at: instantSchema, stage: z.int(), total: z.number() });

/** The evidence of a rollout over time, oldest first. */
export const evidenceCurveSchema = z.array(evidencePointSchema).max(MOST_POINTS);
type EvidencePoint = z.infer<typeof evidencePointSchema>;
export type EvidenceCurve = readonly EvidencePoint[];

/** The curve with one more point. Where it would have more than `most`, the higher one of each two is left, so that no peak is ever lost. */
export function addPoint(curve: EvidenceCurve, point: EvidencePoint, most = MOST_POINTS): EvidenceCurve {
  return [...(curve.length < most ? curve : halve(curve)), point];
}

/** The first point stays: where a curve begins is said by no other. */
function halve([first, ...rest]: EvidenceCurve): EvidenceCurve {
  const kept = rest.flatMap((point, index) => {
    const next = rest[index + 1];
    if (index % 2 === 1) return [];
    return [next !== undefined && next.total > point.total ? next : point];
  });
  return first === undefined ? kept : [first, ...kept];
}
