import { z } from 'zod';
import { ANSWERS_KEYS, answersSchema } from '../answers/contract.ts';
import { boxLevelSchema } from '../box-level.ts';
import { digestSchema } from '../identity/digest.ts';
import { modelNameSchema } from '../identity/model-name.ts';
import { packageNameSchema } from '../identity/package-name.ts';
import { versionSchema } from '../identity/version.ts';
import { instantSchema } from '../instant.ts';
import { VERDICTS } from '../verdict.ts';
import { causeSchema } from './cause.ts';
import { envelopeSchema } from './envelope.ts';
import { findingCodeSchema } from './mutes/finding-code.ts';
import { MAX_MUTE_REASON } from './mutes/mute.ts';
import { parametersSchema } from './parameters.ts';
import { searchSummarySchema } from './search/search-summary.ts';
import { studySchema } from './search/study.ts';

const workflowSchema = z.strictObject({
  repository: z.string(),
  run: z.string(),
  attempt: z.number().int().positive(),
  sha: z.string(),
});

export const LOCK_TYPES = ['train', 'search', 'deploy', 'freeze'] as const;
const lockType = z.enum(LOCK_TYPES);
const environment = z.string().min(1);
/** Hosts that could not be reached when it was written, by address. */
const away = z.array(z.string()).optional();

/** The `data` of each kind of event. A kind absent here does not exist. */
const DATA = {
  'training.requested': z.strictObject({
    operation: z.enum(['train', 'tune']),
    sha: z.string(),
    parameters: parametersSchema,
    pullRequest: z.number().int().positive().optional(),
    reason: z.string().optional(),
    /** Where its model is to be rolled out to. */
    environment: environment.optional(),
    /** What follows a search at once. */
    next: z.enum(['train', 'production']).optional(),
    /** It is trained only with the best parameters of a search, and on all the data of it. */
    production: z.literal(true).optional(),
    /** What the attempts of its train job know each other's runs by. */
    nonce: z.string().min(32).max(200).optional(),
  }),
  'training.resumed': z.strictObject({
    /** How often it was lost until then, from 1: only the job of the last round may write. */
    round: z.number().int().positive(),
  }),
  'training.started': z.strictObject({
    runId: z.string(),
    sha: z.string(),
    dataDigest: digestSchema.optional(),
  }),
  'training.finished': z.strictObject({
    runId: z.string(),
    status: z.enum(['finished', 'failed']),
    modelUri: z.string().optional(),
    modelDigest: digestSchema.optional(),
    dataDigest: digestSchema.optional(),
    /** In what box it ran, as its job says. */
    box: boxLevelSchema.optional(),
    /** The search that its parameters come from, and how its data compare with those of the search. */
    study: studySchema.optional(),
    message: z.string().optional(),
  }),
  'search.finished': searchSummarySchema,
  'holdout.fixed': z.strictObject({
    /** Commit of the default branch that says so. */
    sha: z.string(),
    digest: digestSchema,
    path: z.string(),
    target: z.string(),
    id: z.string().optional(),
    group: z.string().optional(),
    time: z.string().optional(),
    slices: z.array(z.string()),
    /** All columns that a model may be given. */
    inputs: z.array(z.string()).optional(),
    /** `file.py:function` by name. */
    metrics: z.record(z.string(), z.string()),
    /** The digest that trainyard.yml names. */
    pinned: digestSchema.optional(),
    /** Events in the ledger when the commit was looked up: of two commits the one with more is the later. */
    seen: z.number().int().nonnegative(),
  }),
  'answers.fixed': z.strictObject({
    /** Commit of the default branch that says so, or says nothing of it. */
    sha: z.string(),
    /** What models of this name answer. */
    contract: answersSchema,
    /** The keys that the default branch states; the others were concluded from the model that passed. */
    declared: z.array(z.enum(ANSWERS_KEYS)),
    /** Events in the ledger when the commit was looked up: of two commits the one with more is the later. */
    seen: z.number().int().nonnegative(),
  }),
  'gate.judged': z.strictObject({
    runId: z.string(),
    verdict: z.enum(VERDICTS),
    headline: z.string(),
    holdoutDigest: digestSchema,
    evidenceDigest: digestSchema,
    /** Of the model that was judged, computed by the judge from its bytes. */
    modelDigest: digestSchema.optional(),
    /** Of the predictions that it was judged by. */
    predictions: digestSchema.optional(),
    champion: versionSchema.optional(),
    /** Of the champion's predictions: by it they are known again, wherever they are kept. */
    championPredictions: digestSchema.optional(),
    /** What the judged run logged, for the rules that took its word. */
    metrics: z.record(z.string(), z.number()).optional(),
    /** In what boxes the models ran when they predicted, as their jobs say. */
    boxes: z.strictObject({ challenger: boxLevelSchema, champion: boxLevelSchema.optional() }).optional(),
  }),
  'version.registered': z.strictObject({
    version: versionSchema,
    runId: z.string(),
    modelUri: z.string(),
    modelDigest: digestSchema,
  }),
  'package.built': z.strictObject({
    version: versionSchema,
    package: packageNameSchema,
    runId: z.string(),
    /** Folder of the package inside the run's artifacts. */
    artifactPath: z.string(),
    sizeBytes: z.number().int().nonnegative(),
    image: z.string().optional(),
  }),
  'rollout.started': z.strictObject({
    rollout: z.string(),
    environment,
    version: versionSchema,
    stable: versionSchema.optional(),
    package: packageNameSchema,
    hosts: z.array(z.string()).min(1),
    stages: z.array(z.number().positive().max(100)).min(1),
    alpha: z.number().positive().max(1),
    /** When a person named this version: what was taken back begins again by that alone. */
    namedAt: instantSchema.optional(),
    envelope: envelopeSchema.optional(),
  }),
  'rollout.advanced': z.strictObject({
    rollout: z.string(),
    environment,
    version: versionSchema,
    stage: z.number().int().nonnegative(),
    percent: z.number().min(0).max(100),
    explanation: z.string(),
  }),
  'rollout.held': z.strictObject({
    rollout: z.string(),
    environment,
    code: z.string(),
    explanation: z.string(),
    away,
  }),
  'rollout.resumed': z.strictObject({ rollout: z.string(), environment }),
  'rollout.promoted': z.strictObject({
    rollout: z.string(),
    environment,
    version: versionSchema,
    previous: versionSchema.optional(),
    package: packageNameSchema,
    /** `promote` on its evidence, `first` without anything to compare with, `requested` by a person. */
    code: z.enum(['promote', 'first', 'requested']).optional(),
    explanation: z.string(),
    envelope: envelopeSchema.optional(),
    away,
  }),
  'rollout.rolled-back': z.strictObject({
    rollout: z.string(),
    environment,
    version: versionSchema,
    stable: versionSchema.optional(),
    code: z.string(),
    explanation: z.string(),
    away,
  }),
  'lock.acquired': z.strictObject({
    lock: lockType,
    environment: environment.optional(),
    holder: z.string(),
    expiresAt: instantSchema,
  }),
  'lock.released': z.strictObject({
    lock: lockType,
    environment: environment.optional(),
    holder: z.string(),
  }),
  frozen: z.strictObject({ environment: environment.optional(), reason: z.string() }),
  unfrozen: z.strictObject({ environment: environment.optional() }),
  'monitor.judged': z.strictObject({
    action: z.enum(['none', 'investigate', 'retrain', 'rollback', 'rebuild']),
    environment,
    codes: z.array(z.string()),
    explanation: z.string(),
    /** What it found beside these and people have muted. */
    muted: z.array(z.string()).optional(),
    /** The hosts that it could not ask, by address. */
    lost: z.array(z.string()).optional(),
  }),
  'monitor.muted': z.strictObject({
    environment,
    code: findingCodeSchema,
    until: instantSchema,
    reason: z.string().max(MAX_MUTE_REASON),
  }),
  'monitor.unmuted': z.strictObject({ environment, code: findingCodeSchema }),
} as const;

export type LedgerEventKind = keyof typeof DATA;
export type LedgerEventData<K extends LedgerEventKind> = z.infer<(typeof DATA)[K]>;

const common = {
  v: z.literal(1),
  /** Idempotency key: derived from cause and step, so that a re-run finds its own event. */
  id: z.string().min(1).max(200),
  at: instantSchema,
  model: modelNameSchema,
  actor: z.string().regex(/\S/, { error: 'must name somebody' }),
  cause: causeSchema,
  workflow: workflowSchema,
};

function eventOf<K extends LedgerEventKind>(kind: K) {
  return z.strictObject({ ...common, kind: z.literal(kind), data: DATA[kind] });
}

/** One line of the ledger. */
export const ledgerEventSchema = z.discriminatedUnion('kind', [
  eventOf('training.requested'),
  eventOf('training.resumed'),
  eventOf('training.started'),
  eventOf('training.finished'),
  eventOf('search.finished'),
  eventOf('holdout.fixed'),
  eventOf('answers.fixed'),
  eventOf('gate.judged'),
  eventOf('version.registered'),
  eventOf('package.built'),
  eventOf('rollout.started'),
  eventOf('rollout.advanced'),
  eventOf('rollout.held'),
  eventOf('rollout.resumed'),
  eventOf('rollout.promoted'),
  eventOf('rollout.rolled-back'),
  eventOf('lock.acquired'),
  eventOf('lock.released'),
  eventOf('frozen'),
  eventOf('unfrozen'),
  eventOf('monitor.judged'),
  eventOf('monitor.muted'),
  eventOf('monitor.unmuted'),
]);

export type LedgerEvent = z.infer<typeof ledgerEventSchema>;
export type Workflow = z.infer<typeof workflowSchema>;
