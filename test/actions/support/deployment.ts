import type { Deployment } from '../../../actions/deploy/deploy.ts';
import { createFleet } from '../../../actions/deploy/hosts/fleet.ts';
import type { Plan } from '../../../actions/job/handoff.ts';
import type { Monitoring } from '../../../actions/monitor-check/monitor-context.ts';
import type { LocalPackage } from '../../../actions/serving/package-source.ts';
import { parseConfig } from '../../../core/config/parse-config.ts';
import { digestHex } from '../../../core/identity/digest.ts';
import { createEvent, type EventContext } from '../../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../../core/ledger/event.ts';
import type { DeploymentState, Log } from '../../../core/ports.ts';
import type { RolloutRecord } from '../../../core/rollout/record/record.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { createMemoryAgent, digestOf, type MemoryAgent } from './memory-agent.ts';
import { createMemoryLedger, type MemoryLedger } from './memory-ledger.ts';
import { createMemoryTracking, type MemoryTracking } from './memory-tracking.ts';

const CONFIG = `
version: 1
model: mnist
tracking: { uri: "http://mlflow.test" }
data: { holdout: { path: holdout.npz, target: label } }
gate: [{ metric: accuracy, floor: 0.9 }]
environments:
  production:
    hosts: ["http://serve-1:9443", "http://serve-2:9443"]
    rollout: { stages: [10, 50, 100], stage-min: 10s, deadline: 1h, lease: 40s, max-unavailable: MAX }
`;

/** The package of a version in these tests. */
export function packageOf(version: string): string {
  return `mnist@${digestOf(`package ${version}`)}`;
}

/** A version's life up to its package, as events: judged against the version before it. */
export function versionEvents(version: string, verdict: 'pass' | 'fail' = 'pass'): readonly LedgerEvent[] {
  const runId = `run-${version}`;
  const before = Number(version) - 1;
  const context = contextOf(`train-${version}`);
  const gate = {
    runId,
    verdict,
    headline: `${verdict}.`,
    holdoutDigest: digestOf('h'),
    evidenceDigest: digestOf('e'),
    ...(before > 0 && { champion: String(before) }),
  };
  const registered = {
    version,
    runId,
    modelUri: `models:/m-${version}`,
    modelDigest: digestOf(`model ${version}`),
  };
  const built = {
    version,
    package: packageOf(version),
    runId,
    artifactPath: `trainyard/package/${version}`,
    sizeBytes: 1,
  };
  const judged = createEvent(context, 'gate.judged', gate);
  if (verdict === 'fail') return [judged];
  return [
    judged,
    createEvent(context, 'version.registered', registered),
    createEvent(context, 'package.built', built),
  ];
}

/** The gate looks at a version again, beside the one that serves then. */
export function judgedAgainst(
  champion: string,
  version: string,
  verdict: 'pass' | 'fail' = 'pass',
): LedgerEvent {
  return createEvent(contextOf(`judge-${version}-${champion}`), 'gate.judged', {
    ...{ runId: `run-${version}`, verdict, headline: `${verdict}.` },
    ...{ holdoutDigest: digestOf('h'), evidenceDigest: digestOf('e'), champion },
  });
}

/** A version that was rolled out to production, as events. */
export function championEvents(version: string, previous?: string): readonly LedgerEvent[] {
  const context = contextOf(`deploy-${version}`);
  const where = {
    rollout: `rollout-${version}`,
    environment: 'production',
    version,
    package: packageOf(version),
  };
  const stable = previous === undefined ? {} : { stable: previous };
  return [
    createEvent(context, 'rollout.started', {
      ...where,
      ...stable,
      hosts: ['a'],
      stages: [100],
      alpha: 0.01,
    }),
    createEvent(context, 'rollout.promoted', { ...where, explanation: 'It was fine.' }),
  ];
}

/** Everything one deployment touches, in memory. */
export type World = {
  readonly clock: ManualClock;
  readonly ledger: MemoryLedger;
  readonly agents: readonly [MemoryAgent, MemoryAgent];
  readonly tracking: MemoryTracking;
  /** Records of ended rollouts, by rollout. */
  readonly kept: Map<string, RolloutRecord>;
  readonly statuses: [string, DeploymentState][];
  readonly lines: string[];
  /** What jobs saved as files, by name. */
  readonly files: Map<string, string>;
  /** A job: the same world seen by one more run of the action. */
  readonly job: (plan: Partial<Plan>, options?: JobOptions) => Deployment & SavesFiles;
};
/** What the monitor's job has besides. */
type SavesFiles = { readonly ports: Pick<Monitoring['ports'], 'saveFile' | 'sendNotice'> };
export type JobOptions = {
  readonly detach?: boolean;
  readonly leaveAt?: string;
  /** From then on somebody waits for the runner. */
  readonly callsAt?: string;
  readonly signal?: AbortSignal;
};

/** A world whose ledger begins with these events, and whose hosts serve the champion if there is one. */
export function createWorld(recorded: readonly LedgerEvent[], maxUnavailable = 0): World {
  const clock = createManualClock();
  const config = parseConfig(CONFIG.replace('MAX', String(maxUnavailable)), {
    file: 'trainyard.yml',
    env: {},
  });
  if (!config.ok) throw new Error(config.error.map(({ message }) => message).join('\n'));
  const environment = config.value.environments['production'];
  if (environment === undefined) throw new Error('The configuration of these tests has no production.');
  const agents = [
    createMemoryAgent('http://serve-1:9443', clock),
    createMemoryAgent('http://serve-2:9443', clock),
  ] as const;
  const world = {
    clock,
    ledger: createMemoryLedger(recorded),
    agents: [...agents] as [MemoryAgent, MemoryAgent],
    tracking: createMemoryTracking(),
    kept: new Map<string, RolloutRecord>(),
    statuses: [] as [string, DeploymentState][],
    lines: [] as string[],
    files: new Map<string, string>(),
  };
  const log: Log = {
    info: (line) => world.lines.push(line),
    warn: (line) => world.lines.push(line),
    group: (_title, work) => work(),
  };
  const job: World['job'] = (plan, options = {}) => {
    const { detach = false, leaveAt, callsAt, signal = new AbortController().signal } = options;
    const { version } = plan;
    const full = planOf({ word: { at: clock.now(), namesVersion: version !== undefined }, ...plan });
    return {
      request: {
        plan: full,
        config: config.value,
        environmentName: 'production',
        environment,
        package: undefined,
        version: undefined,
        detach,
        ...(leaveAt !== undefined && { leaveAt }),
        author: { ...contextOf(full.correlationId), cause: full.cause, actor: full.actor },
        signal,
      },
      ports: {
        ...world,
        fleet: createFleet({ ...world, mayBeAway: environment.maxUnavailable, log }),
        records: {
          keep: async (_runId, record) => {
            world.kept.set(record.rollout, record);
          },
          find: async (_runId, rollout) => world.kept.get(rollout),
        },
        packages: fakePackages(),
        announcer: {
          status: (rollout, state) => {
            world.statuses.push([rollout, state]);
          },
          progress: () => undefined,
          finished: async () => [],
        },
        listener: { isCalled: () => callsAt !== undefined && clock.now() >= callsAt, stop: () => undefined },
        log,
        attest: () => undefined,
        sendNotice: undefined,
        saveFile: async (name: string, text: string) => {
          world.files.set(name, text);
          return `/runner/temp/${name}`;
        },
      },
    };
  };
  return { ...world, job };
}

function planOf(plan: Partial<Plan>): Plan {
  const correlationId = plan.correlationId ?? 'comment-1';
  return {
    schema_version: 1,
    action: 'plan',
    decision: 'continue',
    model: 'mnist',
    operation: 'deploy',
    sha: 'a'.repeat(40),
    parameters: {},
    environment: 'production',
    correlationId,
    dryRun: false,
    actor: 'ann',
    cause: { kind: 'comment', id: correlationId },
    box: { require: false, timeoutSeconds: 86_400, variables: [], inputs: [], docker: false },
    ...plan,
  };
}

/** Who and why, for events of the operation that this cause began. */
export function contextOf(cause: string): EventContext {
  return {
    model: 'mnist',
    at: '2026-11-21T11:00:00.000Z',
    actor: 'ann',
    cause: { kind: 'comment', id: cause },
    workflow: { repository: 'acme/digits', run: '1', attempt: 1, sha: 'a'.repeat(40) },
  };
}

/** A package of each version, by its run, which says of itself what the ledger knows. */
function fakePackages(): Deployment['ports']['packages'] {
  const manifestOf = (runId: string): LocalPackage['manifest'] => ({
    schema: 'trainyard.package/1',
    model: 'mnist',
    version: versionOf(runId),
    runId,
    modelDigest: digestOf(`model ${versionOf(runId)}`),
    createdAt: '2026-11-21T11:00:00.000Z',
    format: 'torchscript',
    payload: { kind: 'mar', file: 'model.mar', digest: digestOf('mar'), size: 1 },
    serving: { workers: 1, batchSize: 1, maxBatchDelayMs: 10, gpu: 'none', responseTimeoutSeconds: 120 },
  });
  return {
    describe: async (name, runId) => ({
      manifest: manifestOf(runId),
      built: { package: name, runId, artifactPath: `trainyard/package/${runId}`, sizeBytes: 1 },
      files: new Map([['trainyard.json', digestHex(name.slice(name.indexOf('@') + 1))]]),
    }),
    fetch: async ({ package: name, runId }) => {
      const manifestDigest = name.slice(name.indexOf('@') + 1);
      const manifest = manifestOf(runId);
      return { manifest, manifestDigest, blobs: [{ digest: manifestDigest, file: 'trainyard.json' }] };
    },
    fetchProfile: async () => undefined,
  };
}

function versionOf(runId: string): string {
  return runId.replace('run-', '');
}
