import type { GatePorts, GateRequest } from '../../../actions/evaluate-gate/gate-context.ts';
import type { StoredAnswers } from '../../../adapters/read-answers.ts';
import type { HeldOut } from '../../../core/gate/held-out.ts';
import { championEvents, createWorld, versionEvents, type World } from './deployment.ts';
import { digestOf } from './memory-agent.ts';

const ROWS = 1_000;
export const HOLDOUT_DIGEST = digestOf('h');
export const POLICY_SHA = 'd'.repeat(40);
const names = Array.from({ length: ROWS }, (_, row) => (row % 2 === 0 ? 'a' : 'b'));
const ids = names.map((_, row) => String(row));

/** The default branch's holdout: a thousand rows of two classes. */
export const HELD: HeldOut = {
  digest: HOLDOUT_DIGEST,
  ids,
  truth: { names, numbers: new Float64Array(ROWS).fill(Number.NaN) },
  groups: undefined,
  slices: {},
};

/** How its answers were read: its classes are stated by the model itself. */
const READ = {
  isClosed: true,
  contract: { task: 'binary', classes: ['a', 'b'] },
  inferred: ['task', 'classes'],
} as const;

/** What a model says that is right on so many of a thousand rows. */
export function answersOf(right: number, changed: Partial<StoredAnswers['answers']> = {}): StoredAnswers {
  const predictions = Float64Array.from(ids, (_, row) => (row < right ? row % 2 : 1 - (row % 2)));
  const answers = { ids, predictions, scores: [], rowMetrics: {}, holdoutDigest: HOLDOUT_DIGEST };
  return {
    answers: { ...{ task: 'binary', classes: ['a', 'b'] }, ...READ, ...answers, ...changed },
    modelDigest: TRAINING.modelDigest,
    signature: undefined,
    environment: { kind: 'runner', python: '3.11.7', differences: [] },
  };
}

/** What the job that ran the challenger's training says of it. */
export const TRAINING = {
  ...({ schema_version: 1, action: 'train', runId: 'run-9', modelUri: 'models:/m-9' } as const),
  ...{ modelDigest: digestOf('model 9'), dataDigest: digestOf('data'), metrics: {} },
  box: 'namespaces' as const,
};
/** The champion's model, by the ledger. */
export const CHAMPION = { runId: 'run-1', modelUri: 'models:/m-1', modelDigest: digestOf('model 1') };

/** A job of the gate for run 9, in a world whose champion, if it has one, is right on 950 rows. */
export type GateBench = {
  readonly world: World;
  readonly request: GateRequest & { readonly runId: string };
  readonly ports: GatePorts;
  /** Models that were asked, in their order. */
  readonly evaluated: string[];
};

/** A bench whose challenger is right on `right` rows of a thousand. */
export async function createGateBench(right: number, champion = false): Promise<GateBench> {
  const world = createWorld(champion ? [...versionEvents('1'), ...championEvents('1')] : []);
  const { tracking, ledger, clock } = world;
  for (let made = champion ? 0 : 1; made < 2; made += 1)
    await tracking.createRun({ experiment: 'mnist', name: 'x', tags: {} });
  const known = await tracking.getRun('run-1');
  tracking.runs.set('run-9', { ...known, runId: 'run-9', modelUri: 'models:/m-9', status: 'FINISHED' });
  const { request, ports } = world.job({
    operation: 'train',
    policySha: POLICY_SHA,
    ...(champion && { champion: { version: '1', ...CHAMPION } }),
  });
  const modelDigestOf = (modelUri: string) => tracking.modelDigests.get(modelUri) ?? '';
  for (const { modelUri, modelDigest } of [TRAINING, CHAMPION])
    tracking.modelDigests.set(modelUri, modelDigest);
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
            ...{ task: 'binary', rows: ROWS, metrics: {}, box: 'namespaces' as const },
            ...{ modelDigest: modelDigestOf(modelUri), holdoutDigest: HOLDOUT_DIGEST },
          };
        }),
      buildPackage: () => Promise.reject(new Error('not here')),
      measurePackage: () => Promise.reject(new Error('not here')),
      measureBatches: () => Promise.reject(new Error('not here')),
    },
    hashFile: async (file) => digestOf(sideOf(file)),
    hashText: digestOf,
    readAnswers: async (file) =>
      sideOf(file) === 'challenger'
        ? answersOf(right)
        : { ...answersOf(950), modelDigest: CHAMPION.modelDigest },
    readSteps: async () => undefined,
    readExplanation: async (file) => {
      throw new Error(`${file} is not there`);
    },
    readExamples: async (file) => {
      throw new Error(`${file} is not there`);
    },
    readHoldout: async () => HELD,
    fetchData: async () => undefined,
    isOfCommit: async () => false,
    commit: async () => POLICY_SHA,
    tempPath: (name) => `/tmp/${name}`,
    writeTemp: async (name) => `/tmp/${name}`,
  };
  const { plan, config, author } = request;
  return {
    world,
    request: {
      ...{ plan, config, configFile: 'trainyard.yml', author },
      ...{ training: JSON.stringify(TRAINING), runId: 'run-9', predictions: said() },
    },
    ports: gatePorts,
    evaluated,
  };
}

/** What the jobs that predicted say: the digests of what they stored, and the boxes. */
export function said(
  challenger = digestOf('challenger'),
  champion = digestOf('champion'),
  box = 'namespaces',
): string {
  return `challenger=${challenger}\nchallenger-box=${box}\nchampion=${champion}\nchampion-box=${box}\n`;
}

/** Files are named by the run, or by the side that judge fetches. */
function sideOf(file: string): 'challenger' | 'champion' {
  return /run-9|challenger/.test(file) ? 'challenger' : 'champion';
}
