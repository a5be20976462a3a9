import { z } from 'zod';
import { labelCountSchema } from '../drift/labels/build-cohorts.ts';
import { captureWindowSchema } from '../drift/window.ts';
import { digestSchema } from '../identity/digest.ts';
import { hostIdSchema } from '../identity/host-id.ts';
import { modelNameSchema } from '../identity/model-name.ts';
import { packageNameSchema } from '../identity/package-name.ts';
import { versionSchema } from '../identity/version.ts';
import { instantSchema } from '../instant.ts';
import { envelopeSchema } from '../ledger/envelope.ts';
import { ledgerHeadSchema } from '../ledger/head/ledger-head.ts';
import { temperingSchema } from '../rollout/evidence/baseline.ts';
import { armTotalsSchema, observationSchema } from '../rollout/evidence/observation.ts';
import { stablePastSchema } from '../rollout/evidence/stable-past.ts';
import { rolloutPlanSchema } from '../rollout/rollout-plan.ts';
import { hourCountsSchema } from './hour-counts.ts';

/**
 * The agent's HTTP API, shared by its server and its client. Errors are RFC 9457 problems (`problemSchema`). Fields that a side does not
 * know are left out, so that agents and actions of neighbouring versions work together; the types see to it that none is written.
 */

/** Life of one model version on one host. `failed` carries its reason code. */
export const instanceSchema = z.object({
  model: modelNameSchema,
  version: versionSchema,
  package: packageNameSchema,
  state: z.enum(['starting', 'ready', 'failed', 'draining', 'stopped']),
  code: z.string().optional(),
  message: z.string().optional(),
  since: instantSchema,
});

/** `PUT /v1/models/{model}/instances/{version}`: start this package dark. Idempotent. Its blobs were PUT before. */
export const startInstanceSchema = z.object({
  /** Digest of the package manifest, itself PUT as a blob. */
  manifest: digestSchema,
  /** Provenance the agent verifies before it serves; required when the agent has a trusted key. */
  envelope: envelopeSchema.optional(),
  /** Digests of the handlers that the sender's version knows: an agent of an earlier one serves them for it. */
  handlers: z.array(digestSchema).max(1_000).optional(),
});

/** A rollout as the agent must know it to brake by itself: the plan and where it stands. */
export const rolloutLeaseSchema = z.object({
  rollout: z.string(),
  plan: rolloutPlanSchema,
  /** What past rollouts teach of how much counts vary: the host judges by it as `deploy` does. */
  tempering: temperingSchema,
  /** What all hosts have seen of the stable version in this rollout: a host that was away has seen nothing of it. */
  stablePast: stablePastSchema.optional(),
  stage: z.number().int().nonnegative(),
  rolloutStartedAt: instantSchema,
  stageStartedAt: instantSchema,
  control: z.enum(['running', 'held']),
  /** No job waits for the rollout: when a stage has its evidence, the repository must be told. */
  detached: z.boolean().optional(),
  /** Without a renewed PUT within this time the agent holds, and after as long again returns to the stable version. */
  leaseSeconds: z.number().positive(),
});

/** A person's word for a version: who said it and when, and the rollout or the return it was said for. */
const wordSchema = z.object({
  version: versionSchema,
  rollout: z.string(),
  actor: z.string(),
  at: instantSchema,
});

/** `PUT /v1/models/{model}/traffic`, guarded by `If-Match: "<revision>"`. */
export const setTrafficSchema = z.object({
  /** Environment that the order is given for: a host serves a model for one of them. */
  environment: z.string().min(1).optional(),
  stable: versionSchema,
  candidate: versionSchema.optional(),
  /** Share of requests the candidate answers, in percent, 0 … 100. */
  candidatePercent: z.number().min(0).max(100),
  /** Copy requests to the candidate and drop its answers. */
  shadow: z.boolean(),
  lease: rolloutLeaseSchema.optional(),
  /** What persons have said of these versions: by that alone a host serves again what it braked for harm before. */
  words: z.array(wordSchema).optional(),
  /** How far the ledger goes by which this was decided. The host remembers the last it was told, against the day that one is lost. `replaces`: the heads of lost ledgers that it was begun for. */
  ledger: ledgerHeadSchema.extend({ replaces: z.array(z.string()).readonly().exactOptional() }).optional(),
});

/** `POST /v1/models/{model}/take-back`: a person at the host takes traffic from a version, whatever the ledger says. */
export const takeBackSchema = z.object({
  /** The version that is to answer; needed where none is on trial. */
  to: versionSchema.optional(),
  explanation: z.string().min(1).max(500).default('A person took it back at the host.'),
});

/** What the agent did on its own: why traffic is not where `deploy` put it. */
const brakeSchema = z.object({
  rollout: z.string(),
  version: versionSchema,
  code: z.string(),
  explanation: z.string(),
  at: instantSchema,
});

/** `GET /v1/models/{model}/traffic`, also the answer to the PUT. `revision` is the ETag. */
export const trafficSchema = z.object({
  ...setTrafficSchema.partial({ stable: true }).shape,
  revision: z.number().int().nonnegative(),
  brake: brakeSchema.optional(),
  /** Brakes for harm that stand against later orders, the last ones, oldest first: no order without a person's word lifts them. */
  braked: z.array(brakeSchema).optional(),
});

/** `GET /v1/models/{model}/observations?after=seq&rollout=id`, oldest first, at most 1,000. */
export const observationsSchema = z.object({ observations: z.array(observationSchema) });

/** `GET /v1/models/{model}/hours?since=instant`, oldest first. */
export const hoursSchema = z.object({ hours: z.array(hourCountsSchema) });

/** `GET /v1/models/{model}/windows?after=seq`, closed windows, oldest first, at most 1,000. */
export const windowsSchema = z.object({ windows: z.array(captureWindowSchema) });

/** `GET /v1/models/{model}/labels?version=`: what this host's late labels say of a version, oldest first. */
export const labelCountsSchema = z.object({ counts: z.array(labelCountSchema) });

/** Longest id of a prediction that a label may be for, and longest label, in characters: hosts keep them for weeks. */
const MAX_LABEL_ID = 256;
const MAX_LABEL = 1_000;
/** Labels that one request may bring. */
export const MAX_LABELS = 10_000;

/** `POST /v1/labels`: late labels by prediction (request) id. Duplicates are ignored. */
export const labelsSchema = z.object({
  model: modelNameSchema,
  labels: z
    .array(
      z.object({
        id: z.string().max(MAX_LABEL_ID),
        label: z.union([z.string().max(MAX_LABEL), z.number()]),
      }),
    )
    .min(1)
    .max(MAX_LABELS),
});
export type LateLabel = z.infer<typeof labelsSchema>['labels'][number];

/** Memory of GPUs: of each, and of the versions that have some there. `bytes` is absent where the driver does not say it. */
const gpuSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('unknown'), why: z.string() }),
  z.object({
    kind: z.literal('seen'),
    gpus: z.array(z.object({ index: z.int(), usedBytes: z.number(), totalBytes: z.number() })),
    versions: z.array(
      z.object({ model: modelNameSchema, version: versionSchema, bytes: z.number().optional() }),
    ),
  }),
]);

/** `GET /v1/state`: everything, for people and for `/status`. */
export const agentStateSchema = z.object({
  /** Its name, for people, and its id, which no other host has. */
  host: z.string(),
  hostId: hostIdSchema,
  agentVersion: z.string(),
  startedAt: instantSchema,
  runtime: z.enum(['process', 'docker']),
  /** Which packages it starts: those that a key which it trusts has signed, or any that a deployer sends. */
  packages: z.enum(['signed', 'any']).optional(),
  instances: z.array(instanceSchema),
  traffic: z.record(z.string(), trafficSchema),
  /** By model and version, what became of requests since the rollout began on this host, or since there is none. */
  seen: z.record(z.string(), z.record(z.string(), armTotalsSchema)).optional(),
  outbox: z.object({ pending: z.number().int(), oldest: instantSchema.optional() }),
  dataPlane: z.object({ address: z.string(), healthy: z.boolean() }),
  /** The certificate of the control API, as `AB:CD:…`, and when it ends; absent where plain HTTP is spoken. */
  certificate: z.object({ sha256: z.string(), endsAt: instantSchema }).optional(),
  /** The disk of the data folder, in bytes: what the agent may still write, and all of it. */
  disk: z.object({ freeBytes: z.number(), sizeBytes: z.number() }).optional(),
  /** What is known of GPUs; `none` without nvidia-smi. */
  gpu: gpuSchema.optional(),
  /** What is wrong with the host itself, or with one model's traffic there, by code (`HOST_WARNINGS`). */
  warnings: z
    .array(z.object({ code: z.string(), message: z.string(), model: modelNameSchema.optional() }))
    .optional(),
});

/** RFC 9457 problem details, with our stable `code` and the remedy. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string(),
  remedy: z.string(),
});

export type Instance = z.infer<typeof instanceSchema>;
export type StartInstance = z.infer<typeof startInstanceSchema>;
export type RolloutLease = z.infer<typeof rolloutLeaseSchema>;
export type SetTraffic = z.infer<typeof setTrafficSchema>;
export type Word = z.infer<typeof wordSchema>;
export type TakeBack = z.infer<typeof takeBackSchema>;
export type Traffic = z.infer<typeof trafficSchema>;
export type Brake = z.infer<typeof brakeSchema>;
export type AgentState = z.infer<typeof agentStateSchema>;
export type DiskSpace = NonNullable<AgentState['disk']>;
export type HostWarning = NonNullable<AgentState['warnings']>[number];
export type AgentProblem = z.infer<typeof problemSchema>;
