import type { SetTraffic } from '../serving/api.ts';

/** All traffic to one version. */
export function serveOnly(version: string): SetTraffic {
  return { stable: version, candidatePercent: 0, shadow: false };
}
