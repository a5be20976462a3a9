/** A fault that the world can't see, why not, and the test that does. */
type UnseenFault = {
  readonly name: string;
  readonly fault: string;
  readonly reason: string;
  readonly test: string;
};

/** Faults that were found in the running product and leave no trace in the world. */
export const UNSEEN_FAULTS: readonly UnseenFault[] = [
  {
    name: 'late-invalid-answers-dropped',
    fault: 'Invalid answers that are known after their requests were counted are lost.',
    reason:
      'what is lost is a share of them, and a version whose answers are half invalid is taken back by the rest: only with a request a minute are all lost, and a rollout of minutes has none then',
    test: 'test/agent/version-reading.test.ts',
  },
  {
    name: 'users-judged-by-request',
    fault: 'Users who stick to a version are judged as if each of their requests had been dealt by chance.',
    reason:
      'clients of the world are no users; how often an equal version is taken back is a share, which `npm run simulate -- equal` measures',
    test: 'test/core/rollout/user-weights.test.ts',
  },
  {
    name: 'alpha-for-each-host',
    fault: 'Each host may spend all of a rollout\u2019s alpha.',
    reason:
      'the world\u2019s alpha is so small that no alarm is one of chance, at twenty times of it as little; how often they are is measured by `npm run simulate -- equal`',
    test: 'test/core/rollout/share-alpha.test.ts',
  },
  {
    name: 'refused-alone-unjudged',
    fault: 'A candidate that begins to refuse everything once it has all traffic is braked by nobody.',
    reason:
      'no version of the world begins to refuse: one that does from the first is taken back while the stable version is beside it',
    test: 'test/core/rollout/refused-alone.test.ts',
  },
  {
    name: 'late-outage-hidden',
    fault:
      'A candidate that fails everything after hours of good answers is braked after a quarter of an hour.',
    reason: 'a rollout of the world lasts minutes: what went well in them hides nothing for long',
    test: 'test/core/rollout/objective.test.ts',
  },
  {
    name: 'hosts-of-one-name',
    fault:
      'Hosts of one name hide each other: the observations and the reports of one are taken for those of the other.',
    reason:
      'each host brakes on what it has seen itself, and is asked for its brake by address: what is left out delays a decision within its deadline',
    test: 'test/actions/host-identity.test.ts',
  },
  {
    name: 'labels-starve',
    fault: 'Late labels that belong to other hosts keep those of this one from being joined.',
    reason: 'the world has neither labels nor prediction logs',
    test: 'test/agent/labels.test.ts',
  },
];
