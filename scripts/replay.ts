import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { renderBlocks } from '../core/report/render-block.ts';
import type { Block } from '../core/report/report.ts';
import { decideRollout } from '../core/rollout/decide-rollout.ts';
import { type RolloutRecord, rolloutRecordSchema } from '../core/rollout/record/record.ts';
import { type Replay, replayRollout } from '../core/rollout/record/replay.ts';
import { traceRollout } from '../core/rollout/record/trace.ts';
import { reportRollout } from '../core/rollout/report-rollout.ts';

const HELP = `node scripts/replay.ts RECORD...

Decides past rollouts again from their observations and says whether that agrees with what happened.
RECORD is the JSON file that a rollout leaves. Exit code 0: all agree; 1: one differs; 2: a record can't be read.
`;

process.exitCode = await main(process.argv.slice(2));

async function main(files: readonly string[]): Promise<number> {
  if (files.length === 0 || files.includes('--help')) {
    process.stdout.write(HELP);
    return files.length === 0 ? 2 : 0;
  }
  let worst = 0;
  for (const file of files) {
    const record = await readRecord(file);
    if (typeof record === 'string') {
      process.stderr.write(`${file}: ${record}\n`);
      return 2;
    }
    const replay = replayRollout(record);
    process.stdout.write(renderReplay(file, record, replay));
    if (!replay.agrees) worst = 1;
  }
  return worst;
}

/** The record, or what is wrong with the file. */
async function readRecord(file: string): Promise<RolloutRecord | string> {
  try {
    const parsed = rolloutRecordSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
    return parsed.success ? parsed.data : `is no rollout record.\n${z.prettifyError(parsed.error)}`;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

function renderReplay(file: string, record: RolloutRecord, replay: Replay): string {
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
  const steps = replay.steps.map(({ at, happened, decided, agreement }) => [
    at,
    happened,
    decided,
    agreement,
  ]);
  const blocks: readonly Block[] = [
    {
      kind: 'heading',
      text: `${record.rollout} (${file}): ${replay.agrees ? 'agrees' : 'DIFFERS'}`,
    },
    { kind: 'table', columns: ['At', 'Happened', 'Decided again', ''], rows: steps },
    ...reportRollout({ decision, evidence, points }),
  ];
  return `${renderBlocks(blocks)}\n`;
}
