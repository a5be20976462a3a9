import { mkdtempSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environmentOf } from '../../core/ledger/state.ts';
import { playBadModel } from '../../measure/scenes/bad-model.ts';
import { playDrift } from '../../measure/scenes/drift.ts';
import { playFirstTrain } from '../../measure/scenes/first-train.ts';
import { playRetrainByComment } from '../../measure/scenes/retrain-by-comment.ts';
import { ENVIRONMENT, MODEL, startWorld, type World, WRITER } from '../../measure/scenes/world.ts';
import { readLedger, readLedgerState } from '../../sandbox/github/read-ledger.ts';
import { discard } from '../../sandbox/machine/discard.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { outputOf, type WorkflowRun } from '../../sandbox/runner/workflow-run.ts';
import { loadDigits } from '../../sandbox/traffic/digits.ts';
import { type SteadyTraffic, startTraffic } from '../../sandbox/traffic/traffic.ts';
import { expectAllHeld } from './support/expect-all-held.ts';

const PROJECTS = path.join(import.meta.dirname, '..', 'fixtures', 'projects');
const CANARY_MS = 400_000;
const silent = (): void => undefined;

let folder: string;
let world: World;
let traffic: SteadyTraffic;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-scenes-'));
  world = await startWorld(folder, silent);
});
afterAll(async () => {
  await traffic?.stop();
  await world.stop();
  discard(folder);
});

describe('the loop, on real digits', () => {
  it('trains, judges, packages and serves a first model after a push', async () => {
    expectAllHeld(await playFirstTrain(world, silent));
    traffic = startTraffic({
      dataPlane: world.host.dataPlane,
      model: MODEL,
      perSecond: 20,
      digits: loadDigits(60),
    });
    traffic.setSizes([6]);
  });

  it('promotes a retrain asked for in a comment without losing a request, though the agent is killed in the canary', async () => {
    const killed: number[] = [];
    const killInCanary = async (run: WorkflowRun): Promise<void> => {
      await waitFor(() => run.status === 'completed' || candidateShare() > 0, 'the canary', CANARY_MS);
      killed.push(world.host.pid());
      await world.host.kill();
      await world.host.start();
    };
    expectAllHeld(await playRetrainByComment(world, traffic, silent, killInCanary));
    expect(killed).toEqual([expect.any(Number)]);
    expect(world.host.pid()).not.toBe(killed[0]);
  });

  it('notices that the digits changed, retrains on fresh data and reads them again', async () => {
    expectAllHeld(await playDrift(world, traffic, silent));
  });

  it('takes back a candidate that fails on some requests', async () => {
    expectAllHeld(await playBadModel(world, traffic, silent));
  });
});

describe('a project with a mistake', () => {
  it.each([
    ['raises', 'train', 'loss is not a number in epoch 2'],
    ['logs-no-model', 'train', 'model'],
    ['no-signature', 'train', 'signature'],
  ])('that %s is told what to mend, and goes no further than %s', async (project, job, said) => {
    const pull = world.sandbox.openPullRequest({
      user: WRITER,
      branch: project,
      title: project,
      files: readFailingProject(project),
    });
    const [run] = world.sandbox.comment(WRITER, pull.number, '/train epochs=2');
    if (run === undefined) throw new Error('the comment started no workflow');
    await world.sandbox.finished(run);
    expect(run.conclusion).toBe('failure');
    const failed = [...run.jobs].filter(([, { result }]) => result === 'failure').map(([id]) => id);
    expect(failed).toEqual([job]);
    expect(outputOf(run, job, 'result')).toContain(said);
    expect(outputOf(run, job, 'reason-code')).toMatch(/^(?:training-failed|user-error)$/);
  });
});

describe('a serving host that is away', () => {
  it('is named by the return that needs it, and serves on', async () => {
    await world.host.kill();
    traffic.reset();
    const pull = world.sandbox.openPullRequest({
      user: WRITER,
      branch: 'back',
      title: 'Back',
      files: { 'back.txt': 'back\n' },
    });
    const [run] = world.sandbox.comment(WRITER, pull.number, '/rollback v1');
    if (run === undefined) throw new Error('the comment started no workflow');
    await world.sandbox.finished(run);
    expect(run.conclusion).toBe('failure');
    expect(outputOf(run, 'take-back', 'reason-code')).toBe('service-unavailable');
    expect(outputOf(run, 'take-back', 'result')).toContain(world.host.url);
    expect(traffic.total().requests).toBeGreaterThan(0);
    await world.host.start();
  });
});

describe('what all that left behind', () => {
  it('broke none of GitHub’s schemas', () => {
    const broken = world.sandbox.github.exchanges.filter(({ violations }) => violations.length > 0);
    expect(broken).toEqual([]);
  });

  it('is a ledger of which no event came twice', () => {
    const ids = readLedger(world.sandbox.remote, MODEL).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

function candidateShare(): number {
  const state = readLedgerState(world.sandbox.remote, MODEL);
  return environmentOf(state, ENVIRONMENT).rollout?.percent ?? 0;
}

function readFailingProject(project: string): Readonly<Record<string, string>> {
  const read = (file: string) => readFileSync(path.join(PROJECTS, project, file), 'utf8');
  const config = readFileSync(
    path.join(PROJECTS, '..', '..', '..', 'examples', 'mnist', 'trainyard.yml'),
    'utf8',
  );
  return {
    MLproject: read('MLproject'),
    'train.py': read('train.py'),
    'trainyard.yml': config
      .replace(/^search:\n(?: .*\n)+/m, '')
      .replace(/steps: \{.*\}/, 'steps: { train: train }')
      .replace(/parameters: \{.*\}/, 'parameters: { epochs: 2 }'),
  };
}
