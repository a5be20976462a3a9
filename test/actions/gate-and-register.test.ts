import { describe, expect, test } from 'vitest';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import { register } from '../../actions/register/register.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { LedgerState } from '../../core/ledger/state.ts';
import { searchSummary } from '../core/ledger/ledger-support.ts';
import { championEvents, contextOf, versionEvents } from './support/deployment.ts';
import { createGateBench as createBench, TRAINING } from './support/gate-bench.ts';
import { showReport } from './support/show-report.ts';

describe('the predict phase', () => {
  test('needs nothing of the ledger, which a job with the user’s code may not read', async () => {
    const { request, ports } = await createBench(950);
    const ledger = { ...ports.ledger, read: () => Promise.reject(new Error('no token')) };
    await expect(evaluateGate('predict', request, { ...ports, ledger })).resolves.toBeDefined();
  });
});

describe('the judge phase', () => {
  test.each([
    [970, 'pass', 'continue'],
    [850, 'fail', 'stop'],
  ])('of a model with %i of 1000 right says %s', async (right, verdict, decision) => {
    const { world, request, ports } = await createBench(right);
    const outcome = await evaluateGate('both', request, ports);
    expect(outcome).toMatchObject({ decision, outputs: { verdict } });
    expect(world.ledger.kinds()).toEqual([
      'training.started',
      'training.finished',
      'holdout.fixed',
      ...(verdict === 'pass' ? ['answers.fixed'] : []),
      'gate.judged',
    ]);
  });

  test('shows what the commit would change in the policy', async () => {
    const { request, ports } = await createBench(970);
    const policyChanges = ['This commit changes `gate[0].margin` from 0.01 to 0.05.'];
    const { report } = await evaluateGate(
      'both',
      { ...request, plan: { ...request.plan, policyChanges } },
      ports,
    );
    expect(showReport(report)).toContain('- This commit changes `gate[0].margin` from 0.01 to 0.05.');
  });

  test.each([
    [
      'lower',
      850,
      '[{"metric":"accuracy","floor":0.1}]',
      'fail',
      /By the rules that this commit writes the verdict would be: Passed: accuracy is 85.0%/,
    ],
    [
      'raise',
      970,
      '[{"metric":"accuracy","floor":0.999}]',
      'pass',
      /By the rules that this commit writes the verdict would be: Blocked: accuracy is 97.0%/,
    ],
    ['break', 970, '[{"metric":"accuracy","flor":1}]', 'pass', /can't be judged by\. gate.{0,2}\[0/],
  ] as const)(
    'shows what the commit’s own rules say that %s limits, and lets them decide nothing',
    async (_, right, proposedGate, verdict, said) => {
      const [plain, other] = [await createBench(right), await createBench(right)];
      const without = await evaluateGate('both', plain.request, plain.ports);
      const plan = { ...other.request.plan, proposedGate };
      const outcome = await evaluateGate('both', { ...other.request, plan }, other.ports);
      expect(outcome).toMatchObject({ decision: without.decision, outputs: { verdict } });
      expect(outcome.headline).toBe(without.headline);
      expect(showReport(outcome.report).replaceAll('**', '')).toMatch(said);
      expect(other.world.ledger.events.map(({ id }) => id)).toEqual(
        plain.world.ledger.events.map(({ id }) => id),
      );
    },
  );

  test('records which search the parameters come from, and no production run without one', async () => {
    const judge = async (study: object, production: object) => {
      const bench = await createBench(950);
      const { request, ports, world } = bench;
      const searched = createEvent(contextOf('comment-0'), 'search.finished', searchSummary());
      world.ledger.events.push(searched);
      const training = JSON.stringify({ ...TRAINING, ...study });
      const asked = { ...request, training, plan: { ...request.plan, ...production } };
      await evaluateGate('both', asked, ports);
      const state = await world.ledger.read('mnist');
      return state.trainings[asked.plan.correlationId]?.study;
    };
    const study = { study: 's', runId: 'r', trial: 1, data: 'superset' };
    expect(await judge({ study }, { production: true })).toEqual(study);
    expect(await judge({ study: { ...study, study: 'planted' } }, {})).toBeUndefined();
    await expect(judge({}, { production: true })).rejects.toThrow(/production run/);
  });

  test('records a verdict once for the same evidence', async () => {
    const { world, request, ports } = await createBench(970);
    await evaluateGate('both', request, ports);
    await evaluateGate('judge', request, ports);
    expect(world.ledger.kinds().filter((kind) => kind === 'gate.judged')).toHaveLength(1);
  });

  test('judges anew what it judged on a ledger that has moved on, and records only that', async () => {
    const { world, request, ports } = await createBench(970);
    const digests: (string | undefined)[] = [];
    let others = 0;
    const ledger: typeof ports.ledger = {
      ...ports.ledger,
      append: async (model, propose) => {
        // Another run is judged on the same holdout while this one is, once.
        if (others++ === 0) {
          await evaluateGate('both', request, ports);
          const own = world.ledger.events.pop();
          if (own?.kind === 'gate.judged') {
            digests.push(own.data.holdoutDigest);
            world.ledger.events.push({ ...own, id: 'another', data: { ...own.data, runId: 'another' } });
          }
        }
        return ports.ledger.append(model, propose);
      },
    };
    await evaluateGate('both', request, { ...ports, ledger });
    const gates = world.ledger.events.filter((event) => event.kind === 'gate.judged');
    expect(gates).toHaveLength(2);
    expect(others).toBe(2);
    expect(new Set(gates.map(({ data }) => data.holdoutDigest))).toEqual(new Set(digests));
  });

  test('gives up where the ledger moves on each time', async () => {
    const { world, request, ports } = await createBench(970);
    await evaluateGate('both', request, ports);
    const judged = world.ledger.events.find((event) => event.kind === 'gate.judged');
    if (judged === undefined) throw new Error('nothing was judged');
    let others = 0;
    const ledger: typeof ports.ledger = {
      ...ports.ledger,
      append: (model, propose) => {
        others += 1;
        const data = { ...judged.data, runId: `run-${others}` };
        world.ledger.events.push({ ...judged, id: `other-${others}`, data });
        return ports.ledger.append(model, propose);
      },
    };
    await expect(evaluateGate('judge', request, { ...ports, ledger })).rejects.toThrow(/Run this job again/);
  });

  test('records a verdict that returns to an earlier one: the last word is what counts', async () => {
    const { world, request, ports } = await createBench(970);
    const strict = [{ kind: 'floor', metric: 'accuracy', floor: 0.99 }] as const;
    await evaluateGate('both', request, ports);
    await world.clock.wait(60_000);
    await evaluateGate('judge', { ...request, config: { ...request.config, gate: strict } }, ports);
    await world.clock.wait(60_000);
    await evaluateGate('judge', request, ports);
    const verdicts = world.ledger.events.flatMap((event) =>
      event.kind === 'gate.judged' ? [event.data.verdict] : [],
    );
    expect(verdicts).toEqual(['pass', 'fail', 'pass']);
    expect((await world.ledger.read('mnist')).gates['run-9']?.verdict).toBe('pass');
  });

  test('asks for the whole workflow again when the champion has changed since', async () => {
    const { world, request, ports } = await createBench(970);
    await evaluateGate('predict', request, ports);
    world.ledger.events.push(...versionEvents('1'), ...championEvents('1'));
    await expect(evaluateGate('judge', request, ports)).rejects.toThrow(
      /version 1 serves now, and nothing was predicted with.*Run all jobs/s,
    );
  });
});

describe('register', () => {
  test('makes one version of a run that passed, with the alias challenger, however often it runs', async () => {
    const { world, request, ports } = await createBench(970);
    await evaluateGate('both', request, ports);
    const first = await register(request, { ...ports, tracking: world.tracking });
    const again = await register(request, { ...ports, tracking: world.tracking });
    expect([first.outputs, again.outputs]).toEqual([{ version: '1' }, { version: '1' }]);
    expect([first.reasonCode, again.reasonCode]).toEqual(['registered', 'already-registered']);
    expect(world.tracking.aliases.get('challenger')).toBe('1');
    expect(world.ledger.kinds().filter((kind) => kind === 'version.registered')).toHaveLength(1);
  });

  test.each([{ production: true }, { next: 'production' }] as const)(
    'says on a version of production ($production, $next) which study and which data, as the ledger has it',
    async (asked) => {
      const { world, request, ports } = await createBench(970);
      const study = { study: 's', runId: 'r', trial: 1, data: 'superset' } as const;
      const read = async (): Promise<LedgerState> => {
        const state = await world.ledger.read('mnist');
        const known = Object.values(state.trainings).map((one) => [
          one.correlationId,
          { ...one, ...asked, study },
        ]);
        return { ...state, trainings: Object.fromEntries(known) };
      };
      await evaluateGate('both', request, ports);
      await register(request, { ...ports, ledger: { ...world.ledger, read }, tracking: world.tracking });
      expect(world.tracking.versionTags.get('mnist/1')).toMatchObject({
        'trainyard.pipeline': 'production',
        'trainyard.study': JSON.stringify(study),
      });
    },
  );

  test('refuses a run whose gate did not pass', async () => {
    const { request, ports } = await createBench(850);
    await evaluateGate('both', request, ports);
    await expect(register(request, ports)).rejects.toThrow(/did not pass its gate/);
  });
});
