import { createHash } from 'node:crypto';
import type { Problem } from '../../core/errors.ts';
import { addSeconds, type Instant } from '../../core/instant.ts';
import { type Chain, NEW_CHAIN } from '../../core/ledger/chain/chain.ts';
import { continueBeginning } from '../../core/ledger/chain/unsigned-beginning.ts';
import { continueFold } from '../../core/ledger/fold.ts';
import { readTitlePage, TITLE_PAGE, type TitlePage } from '../../core/ledger/head/title-page.ts';
import { CLOCK_SLACK_SECONDS } from '../../core/ledger/lines/clock-slack.ts';
import { findMisplaced } from '../../core/ledger/lines/find-misplaced.ts';
import { type LedgerFile, readLines } from '../../core/ledger/parse-ledger.ts';
import { emptyLedger, type LedgerState } from '../../core/ledger/state.ts';
import { LEDGER_BRANCH } from '../../core/names.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { LineKeys } from '../signing/line-keys.ts';
import { checkSignature, followChain, type PlacedLine } from './follow-chain.ts';
import { type LedgerRepository, listFiles, readBlobs, type StoredFile } from './repository.ts';

const NEWLINE = 0x0a;

/** One model's ledger as it stands in a commit, and how much of which file it was read from. */
export type LedgerReading = {
  /** `undefined` while there is no branch. */
  readonly head: string | undefined;
  readonly state: LedgerState;
  /** By path in ascending order, which is the order of the events. */
  readonly files: readonly ReadFile[];
  readonly chain: Chain;
  /** Lines after the last signature that have none, of kinds that may. */
  readonly unsigned: readonly PlacedLine[];
  /** The first new line whose time has not come yet, further than clocks differ. */
  readonly early: PlacedLine | undefined;
};

/** A file that was read: `lines` is the number of its line breaks. */
type ReadFile = StoredFile & { readonly lines: number };

type ReadingRequest = {
  readonly model: string;
  readonly head: string;
  /** An earlier reading: what it has of the files as they are now is not read again. */
  readonly known: LedgerReading | undefined;
  readonly keys: LineKeys;
  readonly now: Instant;
};

/** A reading of a model of which nothing is recorded. */
export function emptyReading(model: string): LedgerReading {
  return {
    head: undefined,
    state: emptyLedger(model),
    files: [],
    chain: NEW_CHAIN,
    unsigned: [],
    early: undefined,
  };
}

/** Reads one model's ledger in a commit; the problems of lines that are no events, or of a branch that is no ledger. Only one file lies in memory at a time. */
export async function readLedger(
  repository: LedgerRepository,
  request: ReadingRequest,
): Promise<Result<LedgerReading, readonly Problem[]>> {
  const { model, head, keys, now } = request;
  const all = await listFiles(repository, head, TITLE_PAGE, `events/${model}/`);
  const title = await readTitle(
    repository,
    all.filter(({ path }) => path === TITLE_PAGE),
  );
  if (!title.ok) return err([title.error]);
  const listed = all.filter(({ path }) => path !== TITLE_PAGE);
  const known = canContinue(request.known, listed) ? request.known : emptyReading(model);
  const kept = known.files.filter(({ blob }, index) => listed[index]?.blob === blob);
  const part = startPart(known, { model, keys, latest: addSeconds(now, CLOCK_SLACK_SECONDS) });
  const files: ReadFile[] = [...kept];
  for await (const { file, content } of readBlobs(repository, listed.slice(kept.length))) {
    const before = known.files[files.length];
    if (before !== undefined && !beginsWith(content, before)) {
      return readLedger(repository, { ...request, known: undefined });
    }
    part.add(partAfter(before, file, content));
    files.push({ ...file, lines: countLines(content) });
  }
  const read = part.end();
  if (!read.ok) return err(read.error.map(onBranch));
  const { state, digests, beginning, ...followed } = read.value;
  const origin = { commit: head, replaces: title.value.replaces, digests, beginning };
  return ok({ head, state: { ...state, origin }, files, ...followed });
}

/** What is read after `known`: folded, followed and, where keys are known, held against its last signature. */
function startPart(
  known: LedgerReading,
  { model, keys, latest }: Pick<ReadingRequest, 'model' | 'keys'> & { readonly latest: Instant },
) {
  const fold = continueFold(known.state);
  const digests = [...(known.state.origin?.digests ?? [])];
  const first = continueBeginning(known.state.origin?.beginning);
  let isSigned = known.chain.isSigned;
  const problems: Problem[] = [];
  let early: PlacedLine | undefined;
  let broken: Problem | undefined;
  let chain = known.chain;
  let lastSigned: PlacedLine | undefined;
  let unsigned = known.unsigned;
  return {
    add: (file: LedgerFile): void => {
      const { lines, problems: unreadable } = readLines(file);
      const followed = followChain({ path: file.path, lines, chain }, keys);
      problems.push(...unreadable, ...findMisplaced({ path: file.path, model, lines, latest }));
      broken ??= followed.problems[0];
      for (const [index, line] of lines.entries()) {
        isSigned ||= line.event.signatures !== undefined;
        if (!isSigned && keys.isSigned !== undefined) first.add(line.event);
        if (fold.add(line.event)) digests.push(followed.digests[index] ?? '');
        // Texts of one form, compared as such: a date for each line would take longer than all else.
        if (early === undefined && line.event.at > latest) early = { path: file.path, line };
      }
      chain = followed.chain;
      unsigned = followed.lastSigned === undefined ? [...unsigned, ...followed.unsigned] : followed.unsigned;
      lastSigned = followed.lastSigned ?? lastSigned;
    },
    end: () => {
      if (problems.length > 0) return err(problems);
      // What comes after a break may only follow from it.
      const forged = broken ?? (lastSigned && checkSignature(lastSigned, keys));
      if (forged !== undefined) return err([forged]);
      return ok({ state: fold.state(), chain, digests, beginning: first.beginning(), unsigned, early });
    },
  };
}

/** The texts of a model's files in a commit, in the order of their events. */
export async function readTexts(
  repository: LedgerRepository,
  files: readonly StoredFile[],
): Promise<readonly LedgerFile[]> {
  const texts: LedgerFile[] = [];
  for await (const { file, content } of readBlobs(repository, files)) {
    texts.push({ path: file.path, text: content.toString('utf8') });
  }
  return texts;
}

async function readTitle(
  repository: LedgerRepository,
  files: readonly StoredFile[],
): Promise<Result<TitlePage, Problem>> {
  const [page] = await readTexts(repository, files);
  return readTitlePage(page?.text);
}

/** A line of the ledger is in no checkout; naming the branch keeps it from being taken for a file of one. */
function onBranch(problem: Problem): Problem {
  const place = problem.where?.kind === 'file' ? problem.where : { kind: 'file' as const, file: 'events' };
  return { ...problem, where: { ...place, file: `${LEDGER_BRANCH}:${place.file}` } };
}

/** Whether all that was read is still there under its names, and at most the last file has become another. */
function canContinue(
  known: LedgerReading | undefined,
  listed: readonly StoredFile[],
): known is LedgerReading {
  return (
    known?.files.every(({ path, blob }, index) => {
      const now = listed[index];
      return now?.path === path && (now.blob === blob || index === known.files.length - 1);
    }) === true
  );
}

/** Whether a file holds what it held, line by line, and perhaps more. Git's own hash of what it held tells. */
function beginsWith(content: Buffer, { blob, bytes }: ReadFile): boolean {
  if (content.length < bytes) return false;
  const hash = createHash(blob.length === 40 ? 'sha1' : 'sha256').update(`blob ${bytes}\0`);
  if (hash.update(content.subarray(0, bytes)).digest('hex') !== blob) return false;
  return bytes === 0 || content[bytes - 1] === NEWLINE || content[bytes] === NEWLINE;
}

function partAfter(before: ReadFile | undefined, { path }: StoredFile, content: Buffer): LedgerFile {
  const { bytes, lines } = before ?? { bytes: 0, lines: 0 };
  return { path, text: content.toString('utf8', bytes), firstLine: lines + 1 };
}

function countLines(content: Buffer): number {
  let lines = 0;
  for (let at = content.indexOf(NEWLINE); at >= 0; at = content.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
}
