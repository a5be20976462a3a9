import { followChain } from '../../adapters/git/follow-chain.ts';
import { findCommitOf } from '../../adapters/git/history.ts';
import type { LedgerRepository } from '../../adapters/git/repository.ts';
import type { LineKeys } from '../../adapters/signing/line-keys.ts';
import { formatProblem, type Problem } from '../../core/errors.ts';
import { addSeconds, type Instant } from '../../core/instant.ts';
import type { AuditFinding } from '../../core/ledger/audit-ledger.ts';
import { NEW_CHAIN, signatureProblem } from '../../core/ledger/chain/chain.ts';
import { CLOCK_SLACK_SECONDS } from '../../core/ledger/lines/clock-slack.ts';
import { findMisplaced } from '../../core/ledger/lines/find-misplaced.ts';
import { type LedgerFile, type LedgerLine, readLines } from '../../core/ledger/parse-ledger.ts';

/** The lines of one model's files: what breaks their chain and their signatures, and how many have either. */
type AuditedLines = {
  readonly lines: readonly LedgerLine[];
  readonly digests: readonly string[];
  readonly findings: readonly AuditFinding[];
  readonly chained: number;
  readonly signed: number;
};

/** The files of one model's folder, and when they are looked at. */
type AuditedFiles = {
  readonly model: string;
  readonly files: readonly LedgerFile[];
  readonly now: Instant;
};

/** Follows all lines of a model, and holds each signature against the keys: a job looks at the last one only. */
export async function auditLines(
  repository: LedgerRepository,
  { model, files, now }: AuditedFiles,
  keys: LineKeys,
): Promise<AuditedLines> {
  const latest = addSeconds(now, CLOCK_SLACK_SECONDS);
  const all: LedgerLine[] = [];
  const digests: string[] = [];
  const findings: AuditFinding[] = [];
  let chain = NEW_CHAIN;
  for (const file of files) {
    const { lines, problems } = readLines(file);
    const wasSigned = chain.isSigned;
    const followed = followChain({ path: file.path, lines, chain }, keys);
    const signatures = findWrongSignatures(file.path, lines, keys);
    const misplaced = findMisplaced({ path: file.path, model, lines, latest });
    for (const problem of [...problems, ...misplaced, ...followed.problems, ...signatures]) {
      findings.push(await toFinding(repository, problem));
    }
    if (keys.isSigned !== undefined) findings.push(...findUnsigned(lines, wasSigned));
    chain = followed.chain;
    all.push(...lines);
    digests.push(...followed.digests);
  }
  if (keys.isSigned !== undefined) findings.push(...findBeginning(model, all));
  const chained = all.filter(({ event }) => event.follows !== undefined).length;
  const signed = all.filter(({ event }) => event.signatures !== undefined).length;
  return { lines: all, digests, findings, chained, signed };
}

function findWrongSignatures(
  file: string,
  lines: readonly LedgerLine[],
  { isSigned }: LineKeys,
): readonly Problem[] {
  if (isSigned === undefined) return [];
  return lines
    .filter(({ event, text }) => event.signatures !== undefined && !isSigned(text))
    .map(({ number }) => ({ ...signatureProblem(), where: { kind: 'file', file, line: number } }));
}

/** Lines without a signature after the first that has one; those that nobody may leave unsigned are errors of the chain already. */
function findUnsigned(lines: readonly LedgerLine[], wasSigned: boolean): readonly AuditFinding[] {
  const first = wasSigned ? 0 : lines.findIndex(({ event }) => event.signatures !== undefined);
  if (first < 0) return [];
  return lines
    .slice(first)
    .filter(({ event }) => event.signatures === undefined)
    .map(({ event }) => ({
      ...{ level: 'warning', code: 'unsigned-line', event: event.id },
      message: 'Its line is not signed: a job without the key took back, or somebody else wrote it.',
    }));
}

/** Lines of before the first signature: nobody vouches for what they passed. */
function findBeginning(model: string, lines: readonly LedgerLine[]): readonly AuditFinding[] {
  const first = lines.findIndex(({ event }) => event.signatures !== undefined);
  const unsigned = first < 0 ? lines.length : first;
  if (unsigned === 0) return [];
  const message = `The first ${unsigned} lines of ${model} are not signed: they are of the time before the key, or somebody else wrote them.`;
  return [{ level: 'warning', code: 'unsigned-beginning', message }];
}

async function toFinding(repository: LedgerRepository, problem: Problem): Promise<AuditFinding> {
  const { code, where } = problem;
  const line = where?.kind === 'file' ? where.line : undefined;
  const commit =
    where?.kind === 'file' && line !== undefined
      ? await findCommitOf(repository, { file: where.file, line })
      : undefined;
  const came = commit === undefined ? '' : ` It came with the commit ${commit}.`;
  return { level: 'error', code, message: `${formatProblem(problem)}${came}` };
}
