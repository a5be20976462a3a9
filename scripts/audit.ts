import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../adapters/clock.ts';
import { checkoutSettings, findRemote, tokenSettings } from '../adapters/git/credentials.ts';
import { findHistoryBreaks } from '../adapters/git/history.ts';
import { readTexts } from '../adapters/git/read-ledger.ts';
import {
  fetchHead,
  type LedgerRepository,
  listFiles,
  openLedgerRepository,
} from '../adapters/git/repository.ts';
import { createMlflow } from '../adapters/mlflow/tracking.ts';
import { createFetch } from '../adapters/network/create-fetch.ts';
import { runCommand } from '../adapters/run-command.ts';
import { verifyEnvelope } from '../adapters/signing/attestation.ts';
import { formatProblem } from '../core/errors.ts';
import { registryAliases } from '../core/identity/registry-aliases.ts';
import { type AuditFinding, auditLedger, type CheckEnvelope } from '../core/ledger/audit-ledger.ts';
import { foldLedger } from '../core/ledger/fold.ts';
import { type LedgerFile, parseLedger } from '../core/ledger/parse-ledger.ts';
import { environmentOf, type LedgerState } from '../core/ledger/state.ts';
import { findStatementMismatches } from '../core/ledger/statement.ts';

/** What people mean when they name none: its aliases have plain names. */
const DEFAULT_ENVIRONMENT = 'production';

const USAGE = `Checks a whole ledger: that it was only ever appended to, that every event may follow on the ones before, signatures, locks, aliases.

node scripts/audit.ts [--repository <folder or address>] [--key <public key file>]... [--tracking <MLflow address>] [--environment production]

GITHUB_TOKEN is used for an https address where it is set. Exit code 1: there are errors.`;

type Options = {
  readonly repository: string;
  readonly keys: readonly string[];
  readonly tracking: string | undefined;
  readonly environment: string;
};

async function main(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv);
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-audit-'));
  try {
    const repository = await openRepository(options.repository, folder);
    const head = await fetchHead(repository);
    if (head === undefined) {
      console.log(`${repository.remote} has no ledger yet.`);
      return 0;
    }
    const files = await readTexts(repository, await listFiles(repository, head.commit, 'events/'));
    const history = await auditHistory(repository);
    const checkEnvelope = await envelopeCheck(options.keys);
    const models = await auditModels(files, options, checkEnvelope);
    return report([...history, ...models]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function readOptions(argv: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      repository: { type: 'string', default: '.' },
      key: { type: 'string', multiple: true, default: [] },
      tracking: { type: 'string' },
      environment: { type: 'string', default: DEFAULT_ENVIRONMENT },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { repository, key, tracking, environment } = values;
  return { repository, keys: key, tracking, environment };
}

/** A folder stands for the remote its checkout came from, or for itself when it has none. */
async function openRepository(place: string, folder: string): Promise<LedgerRepository> {
  const isAddress = /^[a-z+]+:\/\/|^[^/]+@[^/]+:/.test(place);
  const remote = isAddress ? place : ((await findRemote(place)) ?? place);
  const token = process.env['GITHUB_TOKEN'] ?? '';
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

async function auditHistory(repository: LedgerRepository): Promise<readonly AuditFinding[]> {
  const breaks = await findHistoryBreaks(repository);
  return breaks.map(({ commit, path, message }) => ({
    level: 'error',
    code: 'history',
    event: commit.slice(0, 12),
    message: `${path}: ${message}`,
  }));
}

async function envelopeCheck(keyFiles: readonly string[]): Promise<CheckEnvelope | undefined> {
  if (keyFiles.length === 0) return undefined;
  const keys = await Promise.all(keyFiles.map((file) => readFile(file, 'utf8')));
  return (envelope, subject) => {
    const statement = verifyEnvelope(envelope, keys);
    if (!statement.ok) return [statement.error.message];
    return findStatementMismatches(statement.value, subject);
  };
}

async function auditModels(
  files: readonly LedgerFile[],
  options: Options,
  checkEnvelope: CheckEnvelope | undefined,
): Promise<readonly AuditFinding[]> {
  const findings: AuditFinding[] = [];
  for (const [model, own] of Map.groupBy(files, ({ path }) => path.split('/')[1] ?? '')) {
    const events = parseLedger(own);
    if (!events.ok) {
      findings.push(
        ...events.error.map(
          (problem): AuditFinding => ({
            level: 'error',
            code: problem.code,
            message: formatProblem(problem),
          }),
        ),
      );
      continue;
    }
    const now = systemClock.now();
    const audited = auditLedger(model, events.value, { now, ...(checkEnvelope && { checkEnvelope }) });
    const state = foldLedger(model, events.value);
    const aliases = await auditAliases(state, options);
    console.log(`${model}: ${state.events} events, ${audited.length + aliases.length} findings`);
    findings.push(...audited, ...aliases);
  }
  return findings;
}

/** Aliases are projections of the ledger: monitor-check repairs them, so a difference is only worth a look. */
async function auditAliases(
  state: LedgerState,
  { tracking, environment }: Options,
): Promise<readonly AuditFinding[]> {
  if (tracking === undefined) return [];
  const registry = createMlflow({ uri: tracking, http: { fetch: createFetch(process.env) } }, systemClock);
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

function report(findings: readonly AuditFinding[]): number {
  for (const { level, code, event, message } of findings) {
    console.log(`${level}: ${code}${event === undefined ? '' : ` (${event})`}: ${message}`);
  }
  const errors = findings.filter(({ level }) => level === 'error').length;
  console.log(
    errors === 0 ? 'The ledger keeps its rules.' : `The ledger breaks its rules in ${errors} places.`,
  );
  return errors === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
