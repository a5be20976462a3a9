import type { ReferenceProfile } from '../../core/drift/profile.ts';
import type { CaptureWindow } from '../../core/drift/window.ts';
import { toInstant } from '../../core/instant.ts';
import { SCHEMAS } from '../../core/names.ts';
import { SIMULATED_HOST } from './traffic.ts';

const SIMULATED = { model: 'simulated', version: '1' } as const;
const BEGAN = Date.UTC(2026, 1, 1);

/** Of no value missing, outside the range of the reference, or of a category that it never held. */
export const ALL_KNOWN = { missing: 0, below: 0, above: 0, unseen: 0 } as const;

/** The reference profile of the simulated model. */
export function simulatedProfile(
  profile: Pick<ReferenceProfile, 'rows' | 'features' | 'prediction'>,
): ReferenceProfile {
  return { schema: SCHEMAS.profile, ...SIMULATED, created: toInstant(BEGAN), ...profile };
}

/** What the simulated host counted of that model in its window of this number, each of them `lengthMs` long. */
export function simulatedWindow(
  seq: number,
  lengthMs: number,
  counted: Pick<CaptureWindow, 'n' | 'features' | 'prediction'>,
): CaptureWindow {
  return {
    schema: SCHEMAS.window,
    ...SIMULATED_HOST,
    ...SIMULATED,
    seq,
    from: toInstant(BEGAN + seq * lengthMs),
    to: toInstant(BEGAN + (seq + 1) * lengthMs),
    invalid: 0,
    refused: 0,
    ...counted,
  };
}
