import type { Mutation } from './mutation.ts';

const COUNTING = 'agent/traffic/version-reading.ts';

/** Faults of the hosts: what they count, judge, and do with requests. */
export const HOST_MUTATIONS: readonly Mutation[] = [
  {
    name: 'lease-outlived',
    by: 'no-more-than-the-stage',
    fault: 'A host that nobody reaches keeps a candidate’s share six times as long as its leases allow.',
    changes: [
      {
        file: 'core/serving/decide-traffic.ts',
        from: 'if (silentSeconds >= LEASES_TO_RETURN * lease.leaseSeconds',
        to: 'if (silentSeconds >= 6 * LEASES_TO_RETURN * lease.leaseSeconds',
      },
    ],
  },
  {
    name: 'idle-stable-takes-all-down',
    by: 'healthy-champion-serves',
    fault:
      'Every request is refused while the stable version can not answer, though another has all traffic.',
    changes: [
      {
        file: 'agent/envoy/config/prediction-routes.ts',
        from: 'if (able.length === 0) {',
        to: 'if (!hasBackend(plan, model, split?.stable)) {',
      },
    ],
  },
  {
    name: 'unanswered-not-counted',
    fault: 'A request that never gets an answer is counted nowhere.',
    changes: [
      { file: COUNTING, from: 'const silent = silentNow - silentBefore;', to: 'const silent = 0;' },
      {
        file: COUNTING,
        from: 'const unanswered = Math.max(silent, countUnanswered(grown));',
        to: 'const unanswered = 0;',
      },
    ],
  },
  {
    name: 'refused-not-counted',
    fault: 'A candidate that answers every request with 400 is as good as one that answers it.',
    changes: [
      {
        file: COUNTING,
        from: 'const refused = Math.min(requests - errors, grown.clientErrors);',
        to: 'const refused = 0;',
      },
    ],
  },
  {
    name: 'brake-waits-for-slow-work',
    fault: 'A look at the traffic waits for whatever is slow on the host.',
    changes: [
      {
        file: 'agent/traffic/lookout.ts',
        from: 'within(clock, waitMs, work).catch(',
        to: 'work.catch(',
      },
    ],
  },
];
