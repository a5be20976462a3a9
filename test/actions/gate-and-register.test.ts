import { describe, expect, test } from 'vitest';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import type { GatePorts, GateRequest } from '../../actions/evaluate-gate/gate-context.ts';
import { register } from '../../actions/register/register.ts';
import type { Predictions } from '../../core/gate/predictions.ts';
import { championEvents, createWorld, versionEvents, type World } from './support/deployment.ts';
import { digestOf } from './support/memory-agent.ts';
import { showReport } from './support/show-report.ts';

const ROWS = 1_000;

/** Predictions of a model that is right on so many of a thousand rows. */
function predictionsOf(right: number): Predictions {
  const labels = Float64Array.from({ length: ROWS }, (_, row) => row % 2);
  return {
    task: 'binary',
    classes: ['a', 'b'],
    ids: Array.from({ length: ROWS }, (_, row) => String(row)),
    labels,
    predictions: labels.map((label, row) => (row < right ? label : 1 - label)),
    scores: [],
    groups: undefined,
    slices: {},
  };
}

type Bench = {
  readonly world: World;
  readonly request: GateRequest;
  readonly ports: GatePorts;
  readonly evaluated: string[];
};

async function createBench(right: number, champion = false): Promise<Bench> {
  const world = createWorld(champion ? [...versionEvents('1'), ...championEvents('1')] : []);
  const { tracking, ledger, clock } = world;
  for (let made = champion ? 0 : 1; made < 2; made += 1)
    await tracking.createRun({ experiment: 'mnist', name: 'x', tags: {} });
  const known = await tracking.getRun('run-1');
  tracking.runs.set('run-9', { ...known, runId: 'run-9', modelUri: 'models:/m-9', status: 'FINISHED' });
  const { request, ports } = world.job({
    operation: 'train',
    ...(champion && { champion: { version: '1', modelUri: 'models:/m-1', runId: 'run-1' } }),
  });
  const evaluated: string[] = [];
  const gatePorts: GatePorts = {
    tracking,
    ledger,
    clock,
    log: ports.log,
    python: {
      evaluate: async ({ targets }) =>
        targets.map(({ modelUri }) => {
          evaluated.push(modelUri);
          return {
            task: 'binary',
            rows: ROWS,
            modelDigest: digestOf(modelUri),
            holdoutDigest: digestOf('h'),
            signature: null,
            metrics: {},
          };
        }),
      buildPackage: () => Promise.reject(new Error('not here')),
      measurePackage: () => Promise.reject(new Error('not here')),
    },
    hashFile: async () => digestOf('h'),
    hashText: digestOf,
    readPredictions: async (file) => ({
      predictions: predictionsOf(file.includes('run-9') ? right : 950),
      modelDigest: digestOf(file),
      holdoutDigest: digestOf('h'),
    }),
    readText: async () => '{"signature":null}',
    tempPath: (name) => `/tmp/${name}`,
    writeTemp: async (name) => `/tmp/${name}`,
  };
  const { plan, config, author } = request;
  return {
    world,
    request: { plan, config, configFile: 'trainyard.yml', runId: 'run-9', author },
    ports: gatePorts,
    evaluated,
  };
}

describe('the predict phase', () => {
  test('runs both models once, and nothing when it runs again', async () => {
    const { request, ports, evaluated } = await createBench(950, true);
    expect((await evaluateGate('predict', request, ports)).reasonCode).toBe('predicted');
    expect((await evaluateGate('predict', request, ports)).reasonCode).toBe('already-predicted');
    expect(evaluated).toEqual(['models:/m-9', 'models:/m-1']);
  });

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
    expect(world.ledger.kinds()).toEqual(['training.started', 'training.finished', 'gate.judged']);
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

  test('records a verdict once for the same evidence', async () => {
    const { world, request, ports } = await createBench(970);
    await evaluateGate('both', request, ports);
    await evaluateGate('judge', request, ports);
    expect(world.ledger.kinds().filter((kind) => kind === 'gate.judged')).toHaveLength(1);
  });

  test('asks for the predict phase again when the champion has changed since', async () => {
    const { world, request, ports } = await createBench(970);
    await evaluateGate('predict', request, ports);
    world.ledger.events.push(...versionEvents('1'), ...championEvents('1'));
    await expect(evaluateGate('judge', request, ports)).rejects.toThrow(/Run the predict phase again/);
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

  test('refuses a run whose gate did not pass', async () => {
    const { request, ports } = await createBench(850);
    await evaluateGate('both', request, ports);
    await expect(register(request, ports)).rejects.toThrow(/did not pass its gate/);
  });
});
