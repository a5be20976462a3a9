import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../adapters/clock.ts';
import {
  checkoutSettings,
  findRemote,
  tokenSettings,
  withoutCredentials,
} from '../../adapters/git/credentials.ts';
import { findHistoryBreaks } from '../../adapters/git/history.ts';
import { withRetries } from '../../adapters/git/open-ledger.ts';
import { readTexts } from '../../adapters/git/read-ledger.ts';
import {
  fetchHead,
  type LedgerRepository,
  listFiles,
  openLedgerRepository,
} from '../../adapters/git/repository.ts';
import { runCommand } from '../../adapters/run-command.ts';
import { verifyEnvelope } from '../../adapters/signing/attestation.ts';
import { createLineKeys } from '../../adapters/signing/line-keys.ts';
import type { Fingerprints } from '../../core/config/host-address.ts';
import { atLeastOne, formatProblem, UserError } from '../../core/errors.ts';
import { registryAliases } from '../../core/identity/registry-aliases.ts';
import type { Instant } from '../../core/instant.ts';
import { type AuditFinding, auditLedger, type CheckEnvelope } from '../../core/ledger/audit-ledger.ts';
import { foldLedger } from '../../core/ledger/fold.ts';
import { readTitlePage, TITLE_PAGE } from '../../core/ledger/head/title-page.ts';
import type { LedgerFile } from '../../core/ledger/parse-ledger.ts';
import { environmentOf, type LedgerState } from '../../core/ledger/state.ts';
import { findStatementMismatches, isOrder } from '../../core/ledger/statement.ts';
import { SECRETS } from '../../core/names.ts';
import { connectMlflow } from '../connect-mlflow.ts';
import type { Surroundings } from '../surroundings.ts';
import { auditHosts } from './audit-hosts.ts';
import { auditLines } from './audit-lines.ts';

/** What people mean when they name none: its aliases have plain names. */
const DEFAULT_ENVIRONMENT = 'production';

/** What is audited, and who is asked beside. */
type AuditRequest = {
  /** A folder, which stands for its origin, or an address. */
  readonly repository: string;
  /** Files of public keys. */
  readonly keys: readonly string[];
  /** Addresses of agents. */
  readonly hosts: readonly string[];
  /** The certificates that they are held to. */
  readonly fingerprints: Fingerprints;
  readonly tracking: string | undefined;
  readonly environment: string;
};

/**
 * Checks a whole ledger: that its commits only ever appended to it, that every line follows the one before and is signed, that every event
 * may follow on the ones before, statements, locks, aliases. Only hosts know of a history that was replaced whole. Gives the exit code.
 */
export async function audit(
  options: AuditRequest,
  { env, print }: Pick<Surroundings, 'env' | 'print'>,
): Promise<number> {
  const keys = await readKeys(options.keys);
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-audit-'));
  try {
    const repository = await openRepository(options.repository, folder, env);
    const remote = { repository, options: { clock: systemClock }, obeyed: new Map<string, Instant>() };
    const head = await withRetries(remote, 'fetch', () => fetchHead(repository));
    if (head === undefined) {
      print.line(`${withoutCredentials(repository.remote)} has no ledger yet.`);
      return 0;
    }
    print.line(`The ledger of ${withoutCredentials(repository.remote)}, at ${head.commit}.`);
    const texts = await readTexts(
      repository,
      await listFiles(repository, head.commit, TITLE_PAGE, 'events/'),
    );
    const page = texts.find(({ path }) => path === TITLE_PAGE);
    const files = texts.filter(({ path }) => path !== TITLE_PAGE);
    const history = await withRetries(remote, 'fetch', () => auditHistory(repository));
    const models = await auditModels(
      { repository, options, keys, head: head.commit, world: { env, print } },
      files,
    );
    return report([...auditTitle(page), ...history, ...models], keys, print);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Nothing is audited with fewer keys than were named: what none of them vouches for would pass unseen. */
async function readKeys(files: readonly string[]): Promise<readonly string[]> {
  const keys = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  const problems = keys.flatMap((key, at) => {
    const where = { kind: 'file', file: files[at] ?? '' } as const;
    return createLineKeys({ privateKey: undefined, trusted: [key] }).flaws.map((flaw) => ({
      ...flaw,
      where,
    }));
  });
  if (problems.length > 0) throw new UserError(atLeastOne(problems));
  return keys;
}

/** A folder stands for the remote its checkout came from, or for itself when it has none. */
async function openRepository(
  place: string,
  folder: string,
  env: Surroundings['env'],
): Promise<LedgerRepository> {
  const isAddress = /^[a-z+]+:\/\/|^[^/]+@[^/]+:/.test(place);
  const remote = isAddress ? place : ((await findRemote(place)) ?? place);
  const token = env['GITHUB_TOKEN'] ?? '';
  const fromCheckout = async () => (isAddress ? [] : checkoutSettings(place, remote));
  const repository = {
    remote,
    folder,
    author: { name: 'audit', email: 'audit@localhost' },
    auth: token === '' ? await fromCheckout() : tokenSettings(remote, token),
    timeoutMs: 120_000,
    run: runCommand,
  };
  await openLedgerRepository(repository);
  return repository;
}

/** What it replaces nobody is asked for any more: whoever rewrites a ledger would say so too. */
function auditTitle(page: LedgerFile | undefined): readonly AuditFinding[] {
  const title = readTitlePage(page?.text);
  if (!title.ok) return [{ level: 'error', code: title.error.code, message: formatProblem(title.error) }];
  const { replaces } = title.value;
  if (replaces.length === 0) return [];
  const message = `It says that it replaces lost ledgers, whose ends no host is asked for: ${replaces.join(', ')}.`;
  return [{ level: 'warning', code: 'replaces', message }];
}

async function auditHistory(repository: LedgerRepository): Promise<readonly AuditFinding[]> {
  const breaks = await findHistoryBreaks(repository);
  return breaks.map(({ code, commit, message }) => ({ level: 'error', code, event: commit, message }));
}

function checkWith(keys: readonly string[]): CheckEnvelope | undefined {
  if (keys.length === 0) return undefined;
  return (envelope, subject) => {
    const statement = verifyEnvelope(envelope, keys);
    if (!statement.ok) return [wrong(statement.error.message)];
    const mismatches = findStatementMismatches(statement.value, subject).map(wrong);
    if (isOrder(statement.value)) return mismatches;
    const message = `The statement on version ${subject.version} names no environment, or no ledger that it counts on: an earlier version signed it, and hosts start nothing by it any more.`;
    return [...mismatches, { level: 'warning', code: 'signed-for-none', message }];
  };
}

function wrong(message: string): AuditFinding {
  return { level: 'error', code: 'signature', message };
}

/** What is audited, and with what. */
type Audit = {
  readonly repository: LedgerRepository;
  readonly options: AuditRequest;
  readonly world: Pick<Surroundings, 'env' | 'print'>;
  readonly keys: readonly string[];
  readonly head: string;
};

async function auditModels(audit: Audit, files: readonly LedgerFile[]): Promise<readonly AuditFinding[]> {
  const findings: AuditFinding[] = [];
  for (const [model, own] of Map.groupBy(files, ({ path }) => path.split('/')[1] ?? '')) {
    findings.push(...(await auditModel(audit, model, own)));
  }
  return findings;
}

async function auditModel(
  { repository, options, keys, head, world }: Audit,
  model: string,
  files: readonly LedgerFile[],
): Promise<readonly AuditFinding[]> {
  const lineKeys = createLineKeys({ privateKey: undefined, trusted: keys });
  const now = systemClock.now();
  const audited = await auditLines(repository, { model, files, now }, lineKeys);
  const { lines, digests, findings, chained, signed } = audited;
  const events = lines.map(({ event }) => event);
  const checkEnvelope = checkWith(keys);
  const ruled = auditLedger(model, events, { now, digests, ...(checkEnvelope && { checkEnvelope }) });
  const origin = { commit: head, replaces: [], digests: digestsOfCounted(events, digests) };
  const state = { ...foldLedger(model, events), origin };
  const token = world.env[SECRETS.agentToken] ?? '';
  const { hosts: addresses, fingerprints } = options;
  const hosts = await auditHosts(state, { addresses, token, env: world.env, fingerprints });
  const all = [...findings, ...ruled, ...hosts, ...(await auditAliases(state, options, world.env))];
  world.print.line(
    `${model}: ${state.events} events, ${chained} of ${lines.length} lines in the chain, ${signed} signed, ${all.length} findings`,
  );
  return all;
}

/** An event that came before counts once, by its first line. */
function digestsOfCounted(
  events: readonly { readonly id: string }[],
  digests: readonly string[],
): readonly string[] {
  const seen = new Set<string>();
  return digests.filter((_digest, at) => {
    const id = events[at]?.id ?? '';
    const isNew = !seen.has(id);
    seen.add(id);
    return isNew;
  });
}

/** Aliases are projections of the ledger: monitor-check repairs them, so a difference is only worth a look. */
async function auditAliases(
  state: LedgerState,
  { tracking, environment }: AuditRequest,
  env: Surroundings['env'],
): Promise<readonly AuditFinding[]> {
  if (tracking === undefined) return [];
  const registry = connectMlflow(tracking, env);
  const { champion, previous } = environmentOf(state, environment);
  const aliases = registryAliases(environment, DEFAULT_ENVIRONMENT);
  const findings: AuditFinding[] = [];
  for (const [alias, recorded] of [
    [aliases.champion, champion?.version],
    [aliases.previous, previous?.version],
  ] as const) {
    const present = await registry.getAlias(state.model, alias);
    if (present === recorded) continue;
    const message = `${alias} of ${state.model} is ${present ?? 'not set'} in MLflow and ${recorded ?? 'nothing'} in the ledger.`;
    findings.push({ level: 'warning', code: 'alias', message });
  }
  return findings;
}

function report(
  findings: readonly AuditFinding[],
  keys: readonly string[],
  print: Surroundings['print'],
): number {
  for (const { level, code, event, message } of findings) {
    print.line(`${level}: ${code}${event === undefined ? '' : ` (${event})`}: ${message}`);
  }
  if (keys.length === 0) print.line('Signatures were not looked at: name the public key with --key.');
  const errors = findings.filter(({ level }) => level === 'error').length;
  print.line(
    errors === 0 ? 'The ledger keeps its rules.' : `The ledger breaks its rules in ${errors} places.`,
  );
  return errors === 0 ? 0 : 1;
}
