/** A fault put back: a text of a file as it is, and as it was with the fault. */
type Mutation = {
  readonly name: string;
  /** What is broken by it. */
  readonly fault: string;
  readonly changes: readonly { readonly file: string; readonly from: string; readonly to: string }[];
};

const COUNTING = 'agent/traffic/version-reading.ts';

/**
 * Faults that were found in the running product, each of which the world has to find again. Those that it can't see are named in the
 * world's part of `measure/README.md`, with the test that does.
 */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'report-begins-rollout',
    fault: 'The report of a brake begins the rollout anew that it had ended.',
    changes: [
      {
        file: 'actions/deploy/deploy.ts',
        from: 'return goOnWithOpen(rooms);',
        to: 'return rollOut(rooms);',
      },
    ],
  },
  {
    name: 'idle-stable-takes-all-down',
    fault:
      'Every request is refused while the stable version can not answer, though another has all traffic.',
    changes: [
      {
        file: 'agent/envoy/config/routes.ts',
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
    name: 'promoted-over-brake',
    fault: 'A promotion does not look at what the hosts have braked.',
    changes: [
      {
        file: 'actions/deploy/rollout/end.ts',
        from: 'const brake = await brakes.ask(id);',
        to: 'const brake = undefined;',
      },
      {
        file: 'actions/deploy/rollout/brakes.ts',
        from: 'const brake = await ask(promotion.rollout);',
        to: 'const brake = undefined as Brake | undefined;',
      },
    ],
  },
  {
    name: 'lost-write-reported-as-won',
    fault: 'A rollback that finds the candidate promoted says that it was done.',
    changes: [
      {
        file: 'actions/deploy/journal.ts',
        from: "return { kind: isOvertaken ? 'overtaken' : 'already-there', now };",
        to: "return { kind: 'already-there', now };",
      },
    ],
  },
  {
    name: 'limit-of-errors-alone',
    fault: 'The limit of the bake is made from errors, and judged on errors and invalid answers.',
    changes: [
      {
        file: 'core/rollout/evidence/objective.ts',
        from: '(countBroken(stable) + countBroken(baseline)) / requests',
        to: '(stable.errors + baseline.errors) / requests',
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
