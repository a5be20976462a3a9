import { addObservation, type Evidence, startEvidence } from '../../../core/rollout/evidence/evidence.ts';
import type { ArmCounts, Observation } from '../../../core/rollout/evidence/observation.ts';
import type { RolloutPlan } from '../../../core/rollout/rollout-plan.ts';
import { PLAN } from '../../../measure/simulate/simulate-rollout.ts';
import { hostIdOf } from '../../fixtures/host-id-of.ts';

/** The plan that the tests of this folder start from is the one that is simulated. */
export { PLAN };

export const START = Date.parse('2026-03-12T10:00:00Z');

/** The instant so many seconds after the tests' start. */
export function instant(seconds: number): string {
  return new Date(START + 1000 * seconds).toISOString();
}

export const EDGES = [10, 20, 50, 100, 120, 200, 500];

/** One version's counts, with all its answers in one latency bucket (the one up to 50 ms unless told). */
export function arm(
  requests: number,
  bad: Partial<ArmCounts> & { readonly bucket?: number } = {},
): ArmCounts {
  const { bucket = 2, ...counts } = bad;
  const answered = requests - (counts.unanswered ?? 0);
  const latency = {
    edges: EDGES,
    counts: [...EDGES, 0].map((_, index) => (index === bucket ? answered : 0)),
  };
  return { requests, errors: 0, unanswered: 0, refused: 0, invalid: 0, latency, ...counts };
}

/** A poll of a minute at 10 %, unless told otherwise. */
export function poll(
  seq: number,
  over: Partial<Observation> & Pick<Observation, 'candidate' | 'stable'>,
): Observation {
  return {
    hostId: hostIdOf(over.host ?? 'serve-1'),
    host: 'serve-1',
    at: instant(60 * seq),
    seq,
    seconds: 60,
    stage: 1,
    weights: { candidate: 10 },
    ...over,
  };
}

/** The evidence of these polls under `PLAN` with changes. */
export function evidenceOf(polls: readonly Observation[], over: Partial<RolloutPlan> = {}): Evidence {
  return polls.reduce(addObservation, startEvidence({ ...PLAN, ...over }));
}
