import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { messageOf, UserError } from '../../core/errors.ts';
import { splitSignatures } from '../../core/ledger/chain/seal.ts';
import { lookUp } from '../../core/ledger/state.ts';
import { RUN_ARTIFACTS } from '../../core/names.ts';
import { renderBlocks } from '../../core/report/render-block.ts';
import { decideRollout } from '../../core/rollout/decide-rollout.ts';
import { type RolloutRecord, rolloutRecordSchema } from '../../core/rollout/record/record.ts';
import { type Replay, replayRollout } from '../../core/rollout/record/replay.ts';
import { traceRollout } from '../../core/rollout/record/trace.ts';
import { reportRollout } from '../../core/rollout/report-rollout.ts';
import { CONFIG_OPTION, type Given } from '../command.ts';
import { connectMlflow } from '../connect-mlflow.ts';
import { readPolicy } from '../ledger/read-policy.ts';
import { readState } from '../ledger/read-state.ts';
import type { Surroundings } from '../surroundings.ts';

const VERSION = /^v?(?<version>\d+)$/;

/** Decides past rollouts again, of files or of a version, and says whether that agrees with what happened. Gives the exit code: 1 where one differs. */
export async function replay(given: Given, world: Surroundings): Promise<number> {
  const { words } = given;
  const [only = ''] = words;
  const version = VERSION.exec(only)?.groups?.['version'];
  const isVersion = words.length === 1 && version !== undefined && !existsSync(path.resolve(world.cwd, only));
  if (words.length === 0)
    throw refusal(
      'usage',
      'Nothing was named to replay.',
      'Name files of records, or a version: trainyard replay v8.',
    );
  if (isVersion) return replayVersion(version, given, world);
  return replayFiles(
    words.map((file) => path.resolve(world.cwd, file)),
    world,
  );
}

/** The rollouts of a version, as its run in MLflow has them. */
async function replayVersion(version: string, given: Given, world: Surroundings): Promise<number> {
  const config = await readPolicy(world, given.text('config') ?? CONFIG_OPTION.config.default);
  const known = lookUp((await readState(world, config.model)).versions, version);
  if (known === undefined)
    throw refusal(
      'unknown-version',
      `There is no version ${version} of ${config.model}.`,
      '`trainyard status` names those that serve.',
    );
  const mlflow = connectMlflow(config.tracking.uri, world.env);
  const found = await mlflow.listArtifacts(known.runId, RUN_ARTIFACTS.rollouts);
  if (found.length === 0)
    throw refusal(
      'no-rollouts',
      `The run ${known.runId} of version ${version} holds no record of a rollout.`,
      'It has one when a rollout has ended.',
    );
  const folder = await mkdtemp(path.join(tmpdir(), 'trainyard-replay-'));
  try {
    const files = found.map((artifact) => [artifact, path.join(folder, path.basename(artifact))] as const);
    for (const [artifact, file] of files) await mlflow.downloadArtifact(known.runId, artifact, file);
    return await replayFiles(
      files.map(([, file]) => file),
      world,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function replayFiles(files: readonly string[], { print }: Surroundings): Promise<number> {
  let worst = 0;
  for (const file of files) {
    const record = await readRecord(file);
    const { agrees, text } = decideAgain(file, record);
    for (const line of text.split('\n')) print.line(line);
    if (!agrees) worst = 1;
  }
  return worst;
}

async function readRecord(file: string): Promise<RolloutRecord> {
  const remedy = `A rollout leaves one in its version’s run, below ${RUN_ARTIFACTS.rollouts}.`;
  try {
    const text = await readFile(file, 'utf8');
    const parsed = rolloutRecordSchema.safeParse(JSON.parse(splitSignatures(text)?.payload ?? text));
    if (parsed.success) return parsed.data;
    throw refusal('no-record', `${file} is no rollout record: ${z.prettifyError(parsed.error)}`, remedy);
  } catch (thrown) {
    if (thrown instanceof UserError) throw thrown;
    throw refusal('no-record', `${file} can't be read: ${messageOf(thrown)}.`, remedy);
  }
}

function decideAgain(
  file: string,
  record: RolloutRecord,
): { readonly agrees: boolean; readonly text: string } {
  const { agrees, steps }: Replay = replayRollout(record);
  const { points, evidence } = traceRollout(record.plan, record.observations, record.baseline);
  const last = record.events.at(-1)?.at ?? '';
  const entered = record.events.findLast((event) => event.kind === 'rollout.advanced');
  const decision = decideRollout({
    plan: record.plan,
    evidence,
    stage: entered?.data.stage ?? 0,
    stageStartedAt: entered?.at ?? last,
    rolloutStartedAt: record.events[0]?.at ?? last,
    now: last,
    control: 'running',
  });
  const rows = steps.map(({ at, happened, decided, agreement }) => [at, happened, decided, agreement]);
  const text = renderBlocks([
    { kind: 'heading', text: `${record.rollout} (${path.basename(file)}): ${agrees ? 'agrees' : 'DIFFERS'}` },
    { kind: 'table', columns: ['At', 'Happened', 'Decided again', ''], rows },
    // A terminal draws no chart, and prints what stands for it in Markdown.
    ...reportRollout({ decision, evidence, points }).filter(({ kind }) => kind !== 'chart'),
  ]);
  return { agrees, text };
}

function refusal(code: string, message: string, remedy: string): UserError {
  return new UserError([{ code, message, remedy }]);
}
