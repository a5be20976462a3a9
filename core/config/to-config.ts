import { type AnswersContract, answersSchema } from '../answers/contract.ts';
import type { GateRule } from '../gate/rules/rule.ts';
import { shareAlpha } from '../rollout/share-alpha.ts';
import type { Remote } from '../training/remote.ts';
import type {
  ColumnRoles,
  Config,
  Environment,
  Holdout,
  ModelsPolicy,
  Monitor,
  Search,
  SearchDimension,
  Serving,
  ServingInput,
} from './config.ts';
import { hostAddress } from './host-address.ts';
import { optional } from './optional.ts';
import { readFingerprint } from './schema/fingerprint.ts';
import { countOf } from './schema/quantity.ts';
import type { RawConfig } from './schema/schema.ts';
import type { RawDimension } from './schema/search.ts';

type RawEnvironment = RawConfig['environments'][string];

/** A file that has no problems as the parts of Trainyard use it; `trackingUri` stands in for one the file leaves out. */
export function toConfig(raw: RawConfig, trackingUri: string): Config {
  const gate = raw.gate.flat();
  const { timeout, steps, version, processes, remote, ...project } = raw.project;
  const environments = Object.entries(raw.environments);
  return {
    model: raw.model,
    tracking: { uri: raw.tracking.uri ?? trackingUri, experiment: raw.tracking.experiment ?? raw.model },
    project: {
      ...project,
      timeoutSeconds: timeout,
      ...optional('version', version),
      ...optional('processes', processes),
      ...optional('remote', toRemote(remote)),
      steps: { train: steps.train, ...optional('etl', steps.etl) },
    },
    data: {
      inputs: raw.data.inputs,
      ...optional('fetch', raw.data.fetch),
      ...optional('holdout', toHoldout(raw.data.holdout, gate)),
    },
    answers: toAnswers(raw.answers),
    ...optional('search', toSearch(raw.search)),
    gate,
    box: {
      require: raw.box.require,
      timeoutSeconds: raw.box.timeout,
      ...optional('memoryBytes', raw.box.memory),
    },
    models: toModels(raw.models),
    serving: toServing(raw.serving),
    environments: Object.fromEntries(environments.map(([name, value]) => [name, toEnvironment(value)])),
    monitor: toMonitor(raw.monitor),
    commands: raw.commands,
  };
}

/** A section with both, or with none, was refused before. */
function toRemote({ slurm, ray }: NonNullable<RawConfig['project']['remote']> = {}): Remote | undefined {
  if (slurm !== undefined) {
    return {
      kind: 'slurm',
      ...optional('partition', slurm.partition),
      ...optional('account', slurm.account),
      ...optional('qos', slurm.qos),
      ...optional('gpus', slurm.gpus),
      ...optional('cpus', slurm.cpus),
      ...optional('memoryBytes', slurm.memory),
    };
  }
  if (ray === undefined) return undefined;
  return {
    kind: 'ray',
    address: ray.address,
    ...optional('gpus', ray.gpus),
    ...optional('cpus', ray.cpus),
    ...optional('memoryBytes', ray.memory),
  };
}

/** Columns the gate looks at are slices of the holdout, whether or not the file lists them there too. */
function toHoldout(raw: RawConfig['data']['holdout'], gate: readonly GateRule[]): Holdout | undefined {
  if (raw === undefined) return undefined;
  const judged = gate.flatMap((rule) =>
    rule.kind === 'slices' || rule.kind === 'fairness' ? [rule.column] : [],
  );
  return {
    path: raw.path,
    target: raw.target,
    slices: [...new Set([...raw.slices, ...judged])],
    metrics: raw.metrics,
    ...optional('digest', raw.digest),
    ...optional('id', raw.id),
    ...optional('group', raw.group),
    ...optional('time', raw.time),
    ...optional('inputs', raw.inputs),
  };
}

/** Tasks that are not judged were refused before. */
function toAnswers(raw: RawConfig['answers'] = {}): AnswersContract {
  const { prediction, 'score-columns': scoreColumns, ...rest } = raw;
  const said = Object.entries({ ...rest, prediction, scoreColumns }).filter(
    ([, value]) => value !== undefined,
  );
  return answersSchema.parse(Object.fromEntries(said));
}

function toSearch(raw: RawConfig['search']): Search | undefined {
  if (raw === undefined) return undefined;
  const { storage, timeout, space, ...rest } = raw;
  return {
    ...rest,
    space: Object.fromEntries(
      Object.entries(space).flatMap(([name, value]) => {
        const dimension = toDimension(value);
        return dimension === undefined ? [] : [[name, dimension] as const];
      }),
    ),
    ...optional('storage', storage),
    ...optional('timeoutSeconds', timeout),
  };
}

function toDimension(raw: RawDimension): SearchDimension | undefined {
  if (raw.choice !== undefined) return { kind: 'choice', values: raw.choice };
  for (const kind of ['uniform', 'log', 'int'] as const) {
    const range = raw[kind];
    if (range !== undefined) return { kind, low: range[0], high: range[1] };
  }
  return undefined;
}

function toModels({ explain, ...models }: RawConfig['models']): ModelsPolicy {
  if (explain === undefined) return models;
  const { timeout, ...rest } = explain;
  return { ...models, explain: { ...rest, timeoutSeconds: timeout } };
}

function toServing(raw: RawConfig['serving']): Serving {
  return {
    framework: raw.framework,
    format: raw.format,
    settings: {
      workers: raw.workers,
      batchSize: raw['batch-size'],
      maxBatchDelayMs: Math.round(raw['max-batch-delay'] * 1000),
      gpu: raw.gpu,
      responseTimeoutSeconds: Math.max(1, Math.round(raw['response-timeout'])),
    },
    ...optional('repository', raw.repository),
    ...optional('image', raw.image),
    ...optional('requirements', raw.requirements),
    ...optional('input', toServingInput(raw.input)),
  };
}

function toServingInput(raw: RawConfig['serving']['input']): ServingInput | undefined {
  if (raw === undefined) return undefined;
  const { 'shorter-side': shorterSide, ...rest } = raw;
  return { ...rest, ...optional('shorterSide', shorterSide) };
}

function toEnvironment({ hosts, rollout }: RawEnvironment): Environment {
  const maxErrorRate = rollout['max-error-rate'];
  return {
    hosts: hosts.map(({ url }) => url),
    ...optional('fingerprints', toFingerprints(hosts)),
    shadowSeconds: rollout.shadow,
    leaseSeconds: rollout.lease,
    maxUnavailable: countOf(rollout['max-unavailable'], hosts.length),
    rollout: {
      stages: rollout.stages,
      alpha: rollout.alpha,
      alarmAlpha: shareAlpha(rollout.alpha, hosts.length).deploy,
      stageMinSeconds: rollout['stage-min'],
      deadlineSeconds: rollout.deadline,
      onNoData: rollout['on-no-data'],
      latencyMargin: rollout['latency-margin'],
      tolerance: rollout.tolerance,
      ...optional('minRequests', rollout['min-requests']),
      ...optional('slo', maxErrorRate === undefined ? undefined : { maxErrorRate }),
    },
  };
}

function toFingerprints(hosts: RawEnvironment['hosts']): Environment['fingerprints'] {
  const pinned = hosts.flatMap(({ url, fingerprint }) =>
    fingerprint === undefined ? [] : [[hostAddress(url), readFingerprint(fingerprint) ?? fingerprint]],
  );
  return pinned.length === 0 ? undefined : Object.fromEntries(pinned);
}

/** What is left out wins over what else is said of a column. */
function toColumns(drift: RawConfig['monitor']['drift']): ColumnRoles {
  return { ...drift.as, ...Object.fromEntries(drift['leave-out'].map((name) => [name, 'left-out'])) };
}

function toMonitor(raw: RawConfig['monitor']): Monitor {
  const { tolerance, warn, act } = raw.drift;
  return {
    drift: {
      tolerance,
      warn,
      act,
      cycleSeconds: raw.drift.cycle,
      falseAlarmSeconds: raw.drift['false-alarm-every'],
      columns: toColumns(raw.drift),
    },
    heartbeatSeconds: raw.heartbeat,
    everySeconds: raw.every,
    notify: raw.notify,
    retrain: {
      automatic: raw.retrain.automatic,
      cooldownSeconds: raw.retrain.cooldown,
      atMost: raw.retrain['at-most'],
    },
    labels: { maturitySeconds: raw.labels.maturity },
    ...optional('stalenessSeconds', raw.staleness),
  };
}
