/** A metric as it is served: its name, what it counts, and which labels its samples have. */
type ServedMetric = {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
};

const BY_MODEL = ['model'];
const BY_VERSION = ['model', 'version'];
const BY_GPU = ['gpu'];
const OF_HOST: readonly string[] = [];

/** Every metric of `GET /metrics`, in the order of its answer. Labels take few values: none is of a client or of a request. */
export const METRICS = {
  agent: {
    name: 'trainyard_agent_info',
    type: 'gauge',
    help: 'Always 1; the labels say which agent this is, and by what it runs versions.',
    labels: ['version', 'runtime'],
  },
  requests: {
    name: 'trainyard_requests_total',
    type: 'counter',
    help: 'Predictions asked for, open ones among them.',
    labels: BY_VERSION,
  },
  failed: {
    name: 'trainyard_failed_requests_total',
    type: 'counter',
    help: 'Predictions that failed, each once: answered 5xx, or never answered whole. Counted from the agent’s first answer on /metrics.',
    labels: BY_VERSION,
  },
  copies: {
    name: 'trainyard_shadow_requests_total',
    type: 'counter',
    help: 'Copies of other versions’ predictions that were sent, open ones among them. They are in no other metric.',
    labels: BY_VERSION,
  },
  errors: {
    name: 'trainyard_errors_total',
    type: 'counter',
    help: 'Answers 5xx, the proxy’s own among them, some of which are unanswered too.',
    labels: BY_VERSION,
  },
  unanswered: {
    name: 'trainyard_unanswered_total',
    type: 'counter',
    help: 'Predictions that the version never answered whole: given up, reset, out of time or room.',
    labels: BY_VERSION,
  },
  timeouts: {
    name: 'trainyard_timeouts_total',
    type: 'counter',
    help: 'Predictions not answered in time.',
    labels: BY_VERSION,
  },
  overflowed: {
    name: 'trainyard_overflowed_total',
    type: 'counter',
    help: 'Predictions turned away at the limit of open requests.',
    labels: BY_VERSION,
  },
  refused: {
    name: 'trainyard_refused_total',
    type: 'counter',
    help: 'Answers 4xx.',
    labels: BY_VERSION,
  },
  invalid: {
    name: 'trainyard_invalid_total',
    type: 'counter',
    help: 'Predictions answered with what was NaN or broke the schema.',
    labels: BY_VERSION,
  },
  active: {
    name: 'trainyard_active_requests',
    type: 'gauge',
    help: 'Predictions open now.',
    labels: BY_VERSION,
  },
  duration: {
    name: 'trainyard_request_duration_seconds',
    type: 'histogram',
    help: 'Time to the whole answer. Envoy keeps two digits of each time and no sum: the sum is added up from its bins, exact up to 10 ms and right to 8 % above; a bucket from 0.1 on holds what begins with the digits of its edge (0.109 in 0.1).',
    labels: BY_VERSION,
  },
  state: {
    name: 'trainyard_instance_state',
    type: 'gauge',
    help: '1 for the state each version is in.',
    labels: [...BY_VERSION, 'state'],
  },
  share: {
    name: 'trainyard_traffic_ratio',
    type: 'gauge',
    help: 'Share of requests that each version is given, 0 to 1.',
    labels: BY_VERSION,
  },
  braked: {
    name: 'trainyard_braked',
    type: 'gauge',
    help: '1 while this host has braked a rollout.',
    labels: BY_MODEL,
  },
  monitored: {
    name: 'trainyard_monitored_timestamp_seconds',
    type: 'gauge',
    help: 'When a monitor last looked at each model, or since when one is waited for.',
    labels: BY_MODEL,
  },
  warning: {
    name: 'trainyard_warning',
    type: 'gauge',
    help: '1 for each code that `warnings` of /v1/state has now, 0 for the others.',
    labels: ['code'],
  },
  outboxPending: {
    name: 'trainyard_outbox_pending',
    type: 'gauge',
    help: 'Reports not delivered yet.',
    labels: OF_HOST,
  },
  outboxOldest: {
    name: 'trainyard_outbox_oldest_timestamp_seconds',
    type: 'gauge',
    help: 'When the oldest report that is not delivered yet was made; absent where none waits.',
    labels: OF_HOST,
  },
  proxy: {
    name: 'trainyard_proxy_up',
    type: 'gauge',
    help: '1 while the proxy runs.',
    labels: OF_HOST,
  },
  clockJump: {
    name: 'trainyard_clock_jump_seconds',
    type: 'gauge',
    help: 'How far the machine’s clock is ahead of the time the agent goes by; 0 unless it was set.',
    labels: OF_HOST,
  },
  diskSize: {
    name: 'trainyard_disk_size_bytes',
    type: 'gauge',
    help: 'Size of the disk that holds the data folder.',
    labels: OF_HOST,
  },
  diskFree: {
    name: 'trainyard_disk_free_bytes',
    type: 'gauge',
    help: 'What is free on that disk for the agent.',
    labels: OF_HOST,
  },
  gpuSize: {
    name: 'trainyard_gpu_memory_size_bytes',
    type: 'gauge',
    help: 'Memory of each GPU. Absent, as the next two, without nvidia-smi and while it can’t tell.',
    labels: BY_GPU,
  },
  gpuUsed: {
    name: 'trainyard_gpu_memory_used_bytes',
    type: 'gauge',
    help: 'What of it is in use, by whomever.',
    labels: BY_GPU,
  },
  gpuOfVersion: {
    name: 'trainyard_version_gpu_memory_bytes',
    type: 'gauge',
    help: 'Memory of all GPUs that the processes of a version have. Absent where the driver does not say it.',
    labels: BY_VERSION,
  },
  diskReserve: {
    name: 'trainyard_disk_reserve_bytes',
    type: 'gauge',
    help: 'What is kept free: with less, no package is taken (--reserve-bytes).',
    labels: OF_HOST,
  },
  started: {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'When the agent was started.',
    labels: OF_HOST,
  },
  cpu: {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'CPU time of the agent itself.',
    labels: OF_HOST,
  },
  memory: {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'Memory of the agent itself.',
    labels: OF_HOST,
  },
  heap: {
    name: 'nodejs_heap_used_bytes',
    type: 'gauge',
    help: 'Heap of the agent itself.',
    labels: OF_HOST,
  },
} satisfies Record<string, ServedMetric>;

/** One number of a metric; a histogram's also say which part of it they are. */
export type ServedSample = {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly metricName?: string;
};

/** The samples of some of the metrics. */
export type SamplesOf<Key extends keyof typeof METRICS> = Readonly<Record<Key, readonly ServedSample[]>>;
