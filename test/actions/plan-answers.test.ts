import { describe, expect, test } from 'vitest';
import { type PlanRequest, plan } from '../../actions/plan/plan.ts';
import { championEvents } from './support/deployment.ts';
import { bench, comment } from './support/plan-bench.ts';
import { showReport } from './support/show-report.ts';

type Bench = ReturnType<typeof bench>;

/** What a comment is answered, with a parameter `hidden` and what is changed before. */
async function ask(
  body: string,
  change: (one: Bench) => Partial<PlanRequest['config']> = () => ({}),
): Promise<string> {
  const one = bench(comment(body));
  const { config } = one.request;
  const project = { ...config.project, parameters: { hidden: 8 } };
  const request = { ...one.request, config: { ...config, project, ...change(one) } };
  const { report } = await plan(request, one.ports);
  return showReport(report);
}

const SEARCH: PlanRequest['config']['search'] = {
  ...{ trials: 20, jobs: 1, runners: 1, metric: 'acc', direction: 'maximize', seed: 0, pruning: 'none' },
  ...{ parameters: {}, space: { lr: { kind: 'uniform', low: 0, high: 1 } } },
};

describe('/help', () => {
  test('names the parameters and what they are', async () => {
    const help = await ask('/help');
    expect(help).toMatch(/hidden\W+8/);
    expect(help).not.toContain('trials');
    expect(help).toContain('/plan …');
  });

  test('says that /tune needs a search where there is none', async () => {
    const words = 'It needs `search` in trainyard.yml';
    expect(await ask('/help')).toContain(words);
    const searching = await ask('/help', () => ({ search: SEARCH }));
    expect(searching).not.toContain(words);
    expect(searching).toMatch(/trials \(only \/tune\)\W+20/);
  });
});

describe('/plan train', () => {
  test('shows what the model has to pass in the words of the gate, and the stages after it', async () => {
    const shown = await ask('/plan train hidden=16', () => ({
      gate: [
        { kind: 'floor', metric: 'accuracy', floor: 0.9 },
        { kind: 'compare', metric: 'accuracy_score', require: 'non-inferior', margin: 0.01 },
        { kind: 'slices', metric: 'recall', column: 'digit', policy: 'guard', margin: { relative: 0.02 } },
        { kind: 'fairness', metric: 'equalized-odds', column: 'sex', limit: 0.1 },
        { kind: 'latency', quantile: 0.95, atMostMs: 50 },
        { kind: 'size', atMostBytes: 2e9 },
        { kind: 'mlflow', metric: 'val_loss', threshold: 0.4, greaterIsBetter: false },
        { kind: 'floor', metric: 'own_score', ceiling: 3 },
        { kind: 'signature' },
        { kind: 'examples', path: 'must.csv' },
      ],
    }));
    for (const [check, need] of [
      ['accuracy (floor)', '≥ 90.0%'],
      ['accuracy (compare: non-inferior)', 'at most 1.0 pp worse'],
      ['recall (slices: guard)', 'no digit shown worse by more than 2.0%'],
      ['equalized-odds (fairness)', 'groups at most 10.0 pp apart'],
      ['latency-p95 (latency)', '≤ 50 ms'],
      ['size (size)', '≤ 2 GB'],
      ['val\\_loss (mlflow threshold)', '≤ 0.4'],
      ['own\\_score (ceiling)', '≤ 3'],
      ['signature (signature)', 'present, and compatible with a champion’s'],
      ['must.csv (examples)', 'every example answered as it must be'],
    ]) {
      expect(shown).toContain(check);
      expect(shown).toContain(need);
    }
    expect(shown).toContain('hidden=16 (otherwise 8)');
    expect(shown).toMatch(
      /rolled out to production: to 10%, 50%, 100% of the requests, each for 10 s at least, within 1 h/,
    );
  });

  test('shows neither for a search after which nothing follows, nor where it is done', async () => {
    expect(await ask('/plan tune', () => ({ search: SEARCH }))).not.toContain('has to pass');
    expect(await ask('/plan tune --then train', () => ({ search: SEARCH }))).toContain('has to pass');
    expect(await ask('/train')).not.toContain('has to pass');
  });

  test('says that nothing is rolled out without an environment', async () => {
    expect(await ask('/plan train', () => ({ environments: {} }))).toContain('names no environment');
  });
});

describe('/plan rollback', () => {
  test('says from which version to which', async () => {
    const served = await ask('/plan rollback', ({ world }) => {
      world.ledger.events.push(...championEvents('2', '1'));
      return {};
    });
    expect(served).toMatch(/from\W+version 2, which serves/);
    expect(served).toMatch(/to\W+version 1/);
    const named = await ask('/plan rollback v1', ({ world }) => {
      world.ledger.events.push(...championEvents('2', '1'));
      return {};
    });
    expect(named).toMatch(/from\W+version 2, which serves[\s\S]*to\W+version 1/);
  });

  test('says so of an open rollout', async () => {
    const open = await ask('/plan rollback', ({ world }) => {
      world.ledger.events.push(...championEvents('2', '1').slice(0, 1));
      return {};
    });
    expect(open).toMatch(/from\W+version 2, at \d+ %[\s\S]*to\W+version 1/);
  });
});
