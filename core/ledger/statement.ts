import { z } from 'zod';
import { digestHex, digestOf, digestSchema, hexSchema } from '../identity/digest.ts';
import { modelNameSchema } from '../identity/model-name.ts';
import { parsePackageName } from '../identity/package-name.ts';
import { versionSchema } from '../identity/version.ts';
import { type Instant, instantSchema } from '../instant.ts';
import { VERDICTS } from '../verdict.ts';
import type { Workflow } from './event.ts';
import { headOf, isLost, ledgerHeadSchema } from './head/ledger-head.ts';
import { type LedgerState, lookUp, type VersionState } from './state.ts';

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const PREDICATE_TYPE = 'urn:trainyard:promotion:v1';

/** What is signed when a version may serve: the digests of everything it came from, and the gate's verdict. */
const promotionSchema = z.object({
  verdict: z.enum(VERDICTS),
  model: modelNameSchema,
  version: versionSchema,
  runId: z.string().min(1),
  modelDigest: digestSchema,
  gate: z.object({
    headline: z.string(),
    holdoutDigest: digestSchema,
    evidenceDigest: digestSchema,
    judgedAt: instantSchema,
  }),
  /** The commit that was trained. */
  code: z.object({ repository: z.string(), sha: z.string() }),
  dataDigest: digestSchema.optional(),
  /** Where it may serve: a host obeys what was signed for its own environment. Earlier versions named none, which no host obeys. */
  environment: z.string().min(1).exactOptional(),
  /**
   * How far the ledger went when it was signed: an anchor that is kept on the hosts too, and what makes an older order older. Absent where
   * the ledger was not believed to its end.
   */
  ledger: ledgerHeadSchema.exactOptional(),
  /** The heads of lost ledgers that this ledger was begun for: its events are counted anew. Earlier versions did not say. */
  replaces: z.array(z.string()).readonly().exactOptional(),
  signedAt: instantSchema,
});

/** An in-toto statement v1 about one package: the digest is that of its manifest. */
export const statementSchema = z.object({
  _type: z.literal(STATEMENT_TYPE),
  subject: z
    .array(
      z.object({
        name: z.string(),
        digest: z.object({ sha256: hexSchema }),
      }),
    )
    .length(1),
  predicateType: z.literal(PREDICATE_TYPE),
  predicate: promotionSchema,
});
export type Statement = z.infer<typeof statementSchema>;

/** A statement that says where and when it counts, so that a host may obey it. */
export type OrderStatement = Statement & {
  readonly predicate: { readonly environment: string; readonly replaces: readonly string[] };
};

/** Whether a statement says where and when it counts: those that earlier versions signed do not. */
export function isOrder(statement: Statement): statement is OrderStatement {
  const { environment, replaces } = statement.predicate;
  return environment !== undefined && replaces !== undefined;
}

/** What is signed, for where, and by whom: the package's name, the environment, the workflow that signs, and when. */
type Signing = {
  readonly package: string;
  readonly environment: string;
  readonly workflow: Workflow;
  readonly at: Instant;
};

/**
 * The statement for a version's package as the ledger knows both; `undefined` when the version was never judged or the package's name
 * is none, since there is nothing to vouch for then.
 */
export function buildStatement(
  state: LedgerState,
  version: VersionState,
  signing: Signing,
): Statement | undefined {
  const named = parsePackageName(signing.package);
  const { gate } = version;
  if (named === undefined || gate === undefined) return undefined;
  const training = Object.values(state.trainings).find(({ runId }) => runId === version.runId);
  const dataDigest = training?.dataDigest;
  const ledger = headOf(state);
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name: signing.package, digest: { sha256: digestHex(named.digest) } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      verdict: gate.verdict,
      model: state.model,
      version: version.version,
      runId: version.runId,
      modelDigest: version.modelDigest,
      gate: {
        headline: gate.headline,
        holdoutDigest: gate.holdoutDigest,
        evidenceDigest: gate.evidenceDigest,
        judgedAt: gate.at,
      },
      code: { repository: signing.workflow.repository, sha: training?.sha ?? signing.workflow.sha },
      ...(dataDigest === undefined ? {} : { dataDigest }),
      environment: signing.environment,
      ...(ledger && { ledger }),
      replaces: [...(state.origin?.replaces ?? [])],
      signedAt: signing.at,
    },
  };
}

/** What a statement is held against: the ledger before it, and the version and package it is said to be for. */
export type StatementSubject = {
  readonly state: LedgerState;
  readonly version: string;
  readonly package: string;
  readonly environment: string;
};

/** Why a statement does not stand for what the ledger says of a version; empty when it does. What earlier versions did not say is not held against them. */
export function findStatementMismatches(
  { subject, predicate }: Statement,
  { state, version, package: packageName, environment }: StatementSubject,
): readonly string[] {
  const known = lookUp(state.versions, version);
  const facts: readonly (readonly [name: string, signed: string, recorded: string | undefined])[] = [
    ['package', digestOf(subject[0]?.digest.sha256 ?? ''), parsePackageName(packageName)?.digest],
    ['model', predicate.model, state.model],
    ['version', predicate.version, version],
    ['run', predicate.runId, known?.runId],
    ['model digest', predicate.modelDigest, known?.modelDigest],
    ['verdict', predicate.verdict, 'pass'],
    ['environment', predicate.environment ?? environment, environment],
  ];
  const wrong = facts
    .filter(([, signed, recorded]) => signed !== recorded)
    .map(([name, signed, recorded]) => `${name}: signed ${signed}, recorded ${recorded ?? 'nothing'}`);
  const { ledger } = predicate;
  if (ledger === undefined || !isLost(state, ledger)) return wrong;
  return [...wrong, `ledger: signed ${ledger.events} events up to ${ledger.last}, recorded another history`];
}
