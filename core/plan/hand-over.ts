import { z } from 'zod';
import { answersSchema } from '../answers/contract.ts';
import { boxLevelSchema } from '../box-level.ts';
import { digestSchema } from '../identity/digest.ts';
import { modelNameSchema } from '../identity/model-name.ts';
import { versionSchema } from '../identity/version.ts';
import { instantSchema } from '../instant.ts';
import { causeSchema } from '../ledger/cause.ts';
import { ledgerHeadSchema } from '../ledger/head/ledger-head.ts';
import { findingCodeSchema } from '../ledger/mutes/finding-code.ts';
import { parametersSchema } from '../ledger/parameters.ts';
import { knownSearchSchema } from '../ledger/search/known-search.ts';
import { searchSummarySchema } from '../ledger/search/search-summary.ts';
import { trainedModelSchema } from './chain/handed-on.ts';

// Every job after plan begins by reading this, so it imports no event schema: those cost each of them its start-up.

/** What an event can ask for. */
const OPERATIONS = [
  'train',
  'tune',
  'deploy',
  'advance',
  'promote',
  'rollback',
  'brake',
  'hold',
  'resume',
  'freeze',
  'unfreeze',
  'mute',
  'unmute',
  'monitor',
  'status',
  'help',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/**
 * What only lowers traffic, or keeps it where it is: it waits for no approval and for nothing that is wrong elsewhere. The workflow has a
 * job of its own for these.
 */
export const TAKE_BACK: ReadonlySet<Operation> = new Set(['rollback', 'brake', 'hold']);

/** Something to do, with everything later jobs need: they never read the event themselves. */
const operationSchema = z.object({
  operation: z.enum(OPERATIONS),
  /** The commit whose code and data the operation works on. */
  sha: z.string(),
  parameters: parametersSchema.readonly(),
  environment: z.string().exactOptional(),
  version: versionSchema.exactOptional(),
  /** A person's word: when it was said, and whether it named the version. Absent where no person spoke. */
  word: z.object({ at: instantSchema, namesVersion: z.boolean() }).readonly().exactOptional(),
  /** The monitor's finding that someone mutes, and until when, or lets act again. */
  finding: findingCodeSchema.exactOptional(),
  until: instantSchema.exactOptional(),
  /** Why someone freezes or mutes, or what a dispatch said of its cause. */
  reason: z.string().exactOptional(),
  /** What follows a search at once. */
  next: z.enum(['train', 'production']).exactOptional(),
  /** It is trained only with the best parameters of a search, and on all the data of it. */
  production: z.literal(true).exactOptional(),
  /** How often this training was lost before; absent the first time. */
  round: z.int().positive().exactOptional(),
  /** The rollout that a host has braked. */
  rollout: z.string().min(1).max(200).exactOptional(),
  /** Shared by everything that follows; also the cause's id. */
  correlationId: z.string().min(1).max(200),
  cause: causeSchema,
  actor: z.string().min(1),
  pullRequest: z.number().int().positive().exactOptional(),
  commentId: z.number().int().positive().exactOptional(),
  /** The issue or pull request where it was asked for: it is answered there. */
  thread: z.number().int().positive().exactOptional(),
  /** `/plan …`: say what would be done, and do nothing. */
  dryRun: z.boolean(),
});

/** An event's decision to do something: see `operationSchema`. */
export type PlannedOperation = { readonly kind: 'operation' } & Readonly<z.infer<typeof operationSchema>>;

const contentSchema = operationSchema.extend({
  model: modelNameSchema,
  /**
   * Who serves where this is for, when the plan was made: what the predict phase compares with. It may not read the ledger, since
   * it runs the user's code without a token.
   */
  champion: z
    .object({
      ...{ version: versionSchema, modelUri: z.string(), modelDigest: digestSchema, runId: z.string() },
      /** Its predictions that the ledger names, the holdout that they answer, and the box that they were made in. */
      predictions: z
        .object({ holdoutDigest: digestSchema, digest: digestSchema, box: boxLevelSchema })
        .exactOptional(),
      /** Its predictions as the challenger, which say how pictures were made what it was packed to take. */
      ownGate: z.object({ holdoutDigest: digestSchema, predictions: digestSchema }).exactOptional(),
      /** What its answers were judged by. */
      answers: answersSchema.exactOptional(),
    })
    .exactOptional(),
  /** What the ledger has fixed that models of this name answer. */
  answers: answersSchema.exactOptional(),
  /** How far plan has seen the ledger go: a job that finds it shorter, or gone, stops. */
  ledger: ledgerHeadSchema.exactOptional(),
  /** The commit of the default branch that says what is judged, and by which rules. Absent where plan saw no git. */
  policySha: z.string().exactOptional(),
  /**
   * What the default branch says of the box that the commit's code runs in; the variables that its trainyard.yml names: those, and no
   * others, are given to a training beside those that every program gets; and its data's inputs, which a training may read.
   */
  box: z.object({
    require: z.boolean(),
    timeoutSeconds: z.number().positive(),
    memoryBytes: z.int().positive().exactOptional(),
    variables: z.array(z.string()).readonly(),
    inputs: z.array(z.string()).readonly(),
    /** Whether it may speak to the runner's Docker Engine, which lets it out of any box. */
    docker: z.boolean(),
    /** Whether its steps may run at a remote engine, out of any box. Absent where the default branch does not say so. */
    remote: z.literal(true).exactOptional(),
  }),
  /** The commit that it is about, whose status shows how it went. Absent where the ledger does not know it. */
  commit: z.string().exactOptional(),
  /** The training that it asks for is done by the ledger, for this commit: the model that it made. */
  trained: trainedModelSchema.exactOptional(),
  /** The search that it asks for is over by the ledger. */
  searched: searchSummarySchema.exactOptional(),
  /** The searches that its parameters may come from, newest first. */
  searches: z.array(knownSearchSchema).readonly().exactOptional(),
  /**
   * What an attempt of the train job seals its run with, so that the next one knows it for its own. It is no secret to those who may read
   * the repository: it stands in the log and the ledger.
   */
  nonce: z.string().min(32).max(200).exactOptional(),
  /** What the commit would change in the policy, a sentence each. It is shown and has no effect. */
  policyChanges: z.array(z.string()).readonly().exactOptional(),
  /** The gate's rules as the commit writes them, where they are others: JSON. What they say is shown beside the verdict, and decides nothing. */
  proposedGate: z.string().exactOptional(),
});

/** The `result` of the plan action as the jobs after it get it: the operation, in the envelope of every action's result. */
export const handOverSchema = contentSchema.extend({
  schema_version: z.literal(1),
  action: z.literal('plan'),
  decision: z.string(),
});

/** What plan says beside the operation itself. */
export type HandOverContext = Omit<z.infer<typeof contentSchema>, keyof z.infer<typeof operationSchema>>;

/** What plan hands over: what the schema of the later jobs names, and nothing beside it. Throws a ZodError when it would not be read. */
export function handOver(
  operation: PlannedOperation,
  context: HandOverContext,
): z.infer<typeof contentSchema> {
  return contentSchema.parse({ ...operation, ...context });
}
