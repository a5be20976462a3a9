import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { z } from 'zod';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { printLine } from './figures.ts';
import type { Size } from './size.ts';

/** Requests that each way is asked. */
const REQUESTS = { full: 300, tiny: 3 } as const;
const BARE = 'bare model';
/** The most that a picture as bytes may cost, beside the bare model that people know. */
const GOAL = 1.25;
const GOAL_CASE = 'ResNet-18';
const GOAL_WAYS = ['npy', 'V2, bytes', 'JPEG'];

/** Milliseconds of a request, in the middle, at the 99th percentile and of the processor; and the bytes of its body. */
const rowSchema = z.object({
  case: z.string(),
  way: z.string(),
  p50: z.number(),
  p99: z.number(),
  processor: z.number(),
  bytes: z.number(),
});
type Row = z.infer<typeof rowSchema>;

/** What a request costs in the handler by each protocol, beside the bare model and MLflow's own scoring function. */
export async function benchProtocols(size: Size): Promise<void> {
  const script = path.join(ROOT, 'measure', 'bench', 'ask_protocols.py');
  const said = execFileSync(venvProgram('python'), [script, String(REQUESTS[size])], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const rows = z.array(rowSchema).parse(JSON.parse(said.trim().split('\n').at(-1) ?? ''));
  for (const row of rows) printLine(`${row.case}, ${row.way}`, describe(row, bareOf(rows, row)));
}

function bareOf(rows: readonly Row[], { case: name }: Row): number {
  return rows.find((row) => row.case === name && row.way === BARE)?.p50 ?? Number.NaN;
}

function describe({ case: name, way, p50, p99, processor, bytes }: Row, bare: number): string {
  const times = [p50, p99, processor].map((value) => value.toFixed(2).padStart(7)).join(' ');
  const ratio = p50 / bare;
  const isGoal = name === GOAL_CASE && GOAL_WAYS.includes(way);
  const goal = isGoal ? ` (goal ${GOAL}: ${ratio <= GOAL ? 'met' : 'missed'})` : '';
  const own = (p50 - bare).toFixed(2);
  return `p50, p99, processor: ${times} ms; ${ratio.toFixed(2)} × the model${goal}, ${own} ms more; ${bytes} bytes`;
}
