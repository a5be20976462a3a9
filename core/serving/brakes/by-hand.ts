import type { Brake, SetTraffic } from '../api.ts';

/** Reason code of traffic that a person took back at a host. */
export const BY_HAND = 'by-hand';

/** Whether traffic has a part for the version that this brake is on, be it none of the requests yet. */
export function hasPart(traffic: Pick<SetTraffic, 'stable' | 'candidate'>, { version }: Brake): boolean {
  return traffic.stable === version || traffic.candidate === version;
}
