/** Every name that two parts must agree on, in one place. Nothing here is computed. */

/** The orphan branch of the user's repository that holds the ledger. */
export const LEDGER_BRANCH = 'trainyard';

/** The file a user writes at the root of their repository. */
export const DEFAULT_CONFIG_FILE = 'trainyard.yml';

/** How the command line is run where there is no checkout of ours: from the repository, for the name on npm is not ours. */
export const COMMAND_LINE = 'npx github:trainyard/trainyard';

/** Headers of a prediction, in and out of Envoy. */
export const VERSION_HEADER = 'x-trainyard-version';
export const PIN_HEADER = 'x-trainyard-pin';
/** On a copy of a request that another version answers, as the proxy tells the handler: no client can set it. */
export const COPY_HEADER = 'x-trainyard-copy';
/** Which protocol a path is of, as the proxy tells the handler: no client can set it. */
export const PROTOCOL_HEADER = 'x-trainyard-protocol';
export const REQUEST_ID_HEADER = 'x-request-id';

/** `event_type`s of `repository_dispatch`: the agent reports with all but `retrain`, and monitor-check asks with that, `brake` and `rollout`. */
export const DISPATCH_TYPES = {
  heartbeat: 'trainyard.heartbeat',
  drift: 'trainyard.drift',
  brake: 'trainyard.brake',
  rollout: 'trainyard.rollout',
  labelDrift: 'trainyard.label-drift',
  retrain: 'trainyard.retrain',
} as const;
export type DispatchType = (typeof DISPATCH_TYPES)[keyof typeof DISPATCH_TYPES];

/** Aliases in the MLflow model registry: projections of the ledger, never its source. */
export const ALIASES = { champion: 'champion', challenger: 'challenger', previous: 'previous' } as const;

/** Where Trainyard keeps its artifacts inside an MLflow run. */
export const RUN_ARTIFACTS = {
  provenance: 'trainyard/provenance.json',
  predictions: 'trainyard/predictions',
  gate: 'trainyard/gate.json',
  pictures: 'trainyard/pictures',
  explanation: 'trainyard/explanation.json',
  explanations: 'trainyard/explanations',
  search: 'trainyard/search',
  checkpoints: 'trainyard/checkpoints',
  package: 'trainyard/package',
  rollouts: 'trainyard/rollouts',
} as const;

/** Names of the files in the folder of a package. */
export const PACKAGE_FILES = {
  manifest: 'trainyard.json',
  profile: 'profile.json',
  golden: 'golden.json',
} as const;

/** The name of a bundle by OpenSSF Model Signing, in the folder whose files it signs. */
export const MODEL_BUNDLE = 'model.sig';

/** The services that a notice of the monitor can be written for; `json` is the notice itself. */
export const NOTICE_FORMS = ['json', 'slack', 'teams', 'pagerduty'] as const;
export type NoticeForm = (typeof NOTICE_FORMS)[number];

/** What a document of ours says it is; a reader refuses any other. Python's runtime writes and reads some of them too. */
export const SCHEMAS = {
  package: 'trainyard.package/1',
  profile: 'trainyard.profile/1',
  golden: 'trainyard.golden/1',
  capture: 'trainyard.capture/1',
  window: 'trainyard.window/1',
  predictions: 'trainyard.predictions/4',
  provenance: 'trainyard.provenance/1',
  checkpoint: 'trainyard.checkpoint/1',
  evidence: 'trainyard.evidence/1',
  search: 'trainyard.search/1',
  notice: 'trainyard.notice/1',
  rolloutRecord: 'trainyard.rollout-record/1',
} as const;

/** Environment variables of the jobs that hold secrets of ours; user code is shown none of them. */
export const SECRETS = {
  agentToken: 'TRAINYARD_AGENT_TOKEN',
  signingKey: 'TRAINYARD_SIGNING_KEY',
  dispatchSecret: 'TRAINYARD_DISPATCH_SECRET',
  webhook: 'TRAINYARD_WEBHOOK',
} as const;

/** Environment variable of the jobs that read the ledger: public keys (PEM) to trust beside that of the signing key. No secret. */
export const TRUSTED_KEYS_VARIABLE = 'TRAINYARD_TRUSTED_KEYS';

/** Environment variable of the train job: the address of the storage that the workers of a search share. */
export const STORAGE_VARIABLE = 'OPTUNA_STORAGE';

/** Environment variables of a training script: the folder of its checkpoints, and the run of the lost attempt that it goes on from. */
export const CHECKPOINT_VARIABLE = 'TRAINYARD_CHECKPOINT_DIR';
export const RESUME_VARIABLE = 'TRAINYARD_RESUME_RUN_ID';

/** Environment variable of a runner: a folder that all runners share, for checkpoints. */
export const SHARED_CHECKPOINTS_VARIABLE = 'TRAINYARD_CHECKPOINTS';

/** Tags on MLflow runs and model versions. */
export const TAGS = {
  correlation: 'trainyard.correlation-id',
  sha: 'trainyard.sha',
  dataDigest: 'trainyard.data-digest',
  /** On a run: the commit of its project, where that lies in another repository. */
  projectCommit: 'trainyard.project-commit',
  /** On a run: in what box it was trained. */
  box: 'trainyard.box',
  modelDigest: 'trainyard.model-digest',
  holdoutDigest: 'trainyard.holdout-digest',
  /** On a run: the step of a training it is (`etl`, `search`, `trial`, `train`); those of `search` and `train` are found again. */
  step: 'trainyard.step',
  /** On a run: the run whose work it goes on with. */
  resumes: 'trainyard.resumes',
  /** On a run: proof that a job of this training opened it, and that it ended it with this model. */
  openedSeal: 'trainyard.seal.opened',
  /** On the run of a search: the digest of its data with their seal, once others may search along. */
  searchedData: 'trainyard.seal.searched-data',
  /** On the run of a search: how far it is, in words, with their seal. */
  progress: 'trainyard.progress',
  finishedSeal: 'trainyard.seal.finished',
  /** On a run: proof that a job of this training found its project at that commit. */
  projectSeal: 'trainyard.seal.project',
  /** On a run, followed by the attempt: when the attempt at this training that holds it was last heard. */
  lease: 'trainyard.lease',
  /** On a run: the last checkpoint that was kept among its artifacts. */
  checkpoint: 'trainyard.checkpoint',
  life: 'trainyard.life',
  /** On a run, and on its version: the search that its parameters come from, and how its data compare with those of that, as JSON. */
  study: 'trainyard.study',
  /** On a run, and on its version, that is trained with the best parameters of a search, on all its data: `production`. */
  pipeline: 'trainyard.pipeline',
} as const;

/** The file of a repository's git folder that says where its sandbox takes orders, while one runs. */
export const SANDBOX_FILE = 'trainyard-sandbox.json';
