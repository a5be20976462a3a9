import type { Traffic } from '../../core/serving/api.ts';
import type { StoredInstance } from '../store/stored-instance.ts';

/** A version's part of a model's requests, in percent: what it was given by `deploy`, and what it gets. */
type Share = { readonly version: string; readonly wanted: number; readonly given: number };

type Named = Pick<StoredInstance, 'model' | 'version' | 'state'>;

/**
 * Who answers a model's requests: whoever is ready of the versions in its traffic, which are the stable one and a candidate that
 * has a share. A version that has none matters to nobody; one that is away leaves its share to the other. All get nothing when no
 * version is ready.
 */
export function shareOut(instances: readonly Named[], model: string, traffic: Traffic): readonly Share[] {
  const { stable, candidate, candidatePercent } = traffic;
  const isReady = (version: string) =>
    instances.some((one) => one.model === model && one.version === version && one.state === 'ready');
  const wanted = [
    ...(stable === undefined ? [] : [{ version: stable, wanted: 100 - candidatePercent }]),
    ...(candidate === undefined ? [] : [{ version: candidate, wanted: candidatePercent }]),
  ];
  const able = wanted.filter(
    (share) => (share.wanted > 0 || share.version === stable) && isReady(share.version),
  );
  return wanted.map((share) => ({
    ...share,
    given: able.includes(share) ? (able.length === 1 ? 100 : share.wanted) : 0,
  }));
}
