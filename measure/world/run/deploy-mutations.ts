import type { Mutation } from './mutation.ts';

/** Faults of the jobs: what they decide, and what they write. Where several guards stand before one fault, all of them are gone. */
export const DEPLOY_MUTATIONS: readonly Mutation[] = [
  {
    name: 'report-begins-rollout',
    fault:
      'The report of a brake begins the rollout anew that it had ended (its job, the rule for reports and the rule for versions taken back are gone).',
    changes: [
      {
        file: 'actions/deploy/deploy.ts',
        from: 'return goOnWithOpen(rooms);',
        to: 'return rollOut(rooms);',
      },
      {
        file: 'actions/deploy/deploy.ts',
        from: 'return endBraked(rooms, report, settings);',
        to: 'return rollOut(rooms);',
      },
      {
        file: 'core/ledger/check-event.ts',
        from: 'if (!REPORTS.has(kind) || lookUp(state.trainings, id) !== undefined) return undefined;',
        to: 'return undefined;',
      },
      {
        file: 'core/ledger/find-start-bar.ts',
        from: 'return findOtherChampion(state, start) ?? findTakenBack(state, start);',
        to: 'return findOtherChampion(state, start);',
      },
    ],
  },
  {
    name: 'promoted-over-brake',
    by: 'promoted-over-no-brake',
    fault:
      'A promotion does not look at what the hosts have braked, nor does what comes after it, and the report of a brake goes on with the rollout.',
    changes: [
      {
        file: 'actions/deploy/rollout/step.ts',
        from: "return promote(ports, rollout, { code: 'promote', explanation, report });",
        to: "return endings.promote(rollout, { code: 'promote', explanation, report });",
      },
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
      {
        file: 'actions/deploy/deploy.ts',
        from: 'return endBraked(rooms, report, settings);',
        to: 'return goOnWithOpen(rooms);',
      },
    ],
  },
  {
    name: 'lost-write-reported-as-won',
    by: 'jobs-tell-the-truth',
    fault: 'A job whose write was overtaken, as a rollback by a promotion, says that it was done.',
    changes: [
      {
        file: 'actions/deploy/journal.ts',
        from: "return { kind: isOvertaken ? 'overtaken' : 'already-there', now };",
        to: "return { kind: 'already-there', now };",
      },
    ],
  },
  {
    name: 'rollback-lost-to-promotion',
    by: 'rollbacks-take-back',
    fault: 'A rollback that finds the candidate promoted leaves it the champion.',
    changes: [
      {
        file: 'actions/deploy/roll-back.ts',
        from: 'return isDone ? conclude(rollout.id) : returnTo(now, wanted);',
        to: 'return conclude(rollout.id);',
      },
    ],
  },
  {
    name: 'lost-ledger-is-first',
    fault:
      'No champion in the ledger is taken for a first version, whatever hosts serve and whatever was seen of the ledger before.',
    changes: [
      {
        file: 'core/ledger/head/ledger-head.ts',
        from: 'const lost = seen.filter(({ head }) => isLost(state, head));',
        to: 'const lost = seen.filter(() => false);',
      },
      {
        file: 'actions/deploy/hosts/find-stranger.ts',
        from: 'if (stranger?.serving !== undefined) return',
        to: "if (stranger?.serving === '') return",
      },
      {
        file: 'actions/deploy/hosts/find-stranger.ts',
        from: 'const [unasked] = here.champion === undefined ? fleet.away() : [];',
        to: 'const [unasked] = fleet.away().slice(0, 0);',
      },
    ],
  },
  {
    name: 'sick-host-blocks',
    fault: 'One host that answers and refuses fails every job, and keeps what it does off the record.',
    changes: [
      {
        file: 'actions/deploy/hosts/fleet.ts',
        from: 'if (!(thrown instanceof ServiceError)) throw thrown;',
        to: 'if (!isUnreachable(thrown)) throw thrown;',
      },
      {
        file: 'actions/deploy/hosts/fleet.ts',
        from: 'letIn(agent.url);\n    } catch (thrown) {',
        to: 'letIn(agent.url);\n    } catch (thrown) {\n      if (!isUnreachable(thrown)) throw thrown;',
      },
    ],
  },
  {
    name: 'limit-of-errors-alone',
    fault: 'The limit of the bake is made from errors, and judged on errors and invalid answers.',
    changes: [
      {
        file: 'core/rollout/evidence/objective.ts',
        from: 'countBroken(stable) / requests',
        to: 'stable.errors / requests',
      },
    ],
  },
  {
    name: 'hold-without-deadline',
    by: 'rollouts-end',
    fault: 'A rollout that is held for routing, or for hosts that are away, never ends.',
    changes: [
      {
        file: 'core/rollout/find-overdue.ts',
        from: "if (plan.onNoData === 'hold' || openSeconds <= longestSeconds(plan)) return undefined;",
        to: 'if (openSeconds >= 0) return undefined;',
      },
      {
        file: 'core/rollout/decide-rollout.ts',
        from: 'if (place.rolloutSeconds > plan.deadlineSeconds) return decideLate(plan, place, { reasons, lack });',
        to: '',
      },
    ],
  },
  {
    name: 'refusing-host-takes-part',
    by: 'promoted-with-all-hosts',
    fault:
      'A host that refuses the rollout counts as taking part, and the stable version is started nowhere that lacks it.',
    changes: [
      {
        file: 'actions/deploy/rollout/step.ts',
        from: "return promote(ports, rollout, { code: 'promote', explanation, report });",
        to: "return endings.promote(rollout, { code: 'promote', explanation, report });",
      },
      {
        file: 'actions/deploy/hosts/bring-up.ts',
        from: 'isReady(url) && (obedient === undefined || obedient.has(url));',
        to: 'isReady(url);',
      },
      {
        file: 'actions/deploy/rollout/course.ts',
        from: 'stable: stable?.package && starter.prepare(reading.state, stable, stable.package),',
        to: 'stable: undefined,',
      },
    ],
  },
  {
    name: 'git-hiccup-ends-job',
    fault: 'Some seconds without git end a job in the middle of its rollout.',
    changes: [
      {
        file: 'actions/deploy/rollout/outlast.ts',
        from: 'if (!isLedgerUnreachable(thrown)) throw thrown;',
        to: 'throw thrown;',
      },
      {
        file: 'actions/deploy/rollout/drive.ts',
        from: "if (isLedgerUnreachable(thrown)) return { kind: 'going-on' };",
        to: '',
      },
    ],
  },
];
