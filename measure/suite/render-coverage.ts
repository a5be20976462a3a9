import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ROOT } from '../../sandbox/checkout.ts';

const countSchema = z.object({ total: z.number(), covered: z.number() });
const summarySchema = z.record(z.string(), z.object({ lines: countSchema, branches: countSchema }));

type Share = { total: number; covered: number };

/** A line for each part of the product: how much of its lines and branches a suite has run. Nothing when there is no summary. */
export function renderCoverage(file: string): string {
  if (!existsSync(file)) return '';
  const { total: _, ...files } = summarySchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const parts = Map.groupBy(
    Object.entries(files),
    ([name]) => path.relative(ROOT, name).split(path.sep)[0] ?? '',
  );
  const rows = [...parts].map(([part, own]) => {
    const lines = addUp(own.map(([, { lines }]) => lines));
    const branches = addUp(own.map(([, { branches }]) => branches));
    return `  ${part.padEnd(10)} ${percent(lines)} of ${lines.total} lines, ${percent(branches)} of ${branches.total} branches\n`;
  });
  return `\ncovered:\n${rows.join('')}`;
}

function addUp(shares: readonly Share[]): Share {
  return shares.reduce(
    (sum, { total, covered }) => ({ total: sum.total + total, covered: sum.covered + covered }),
    { total: 0, covered: 0 },
  );
}

function percent({ total, covered }: Share): string {
  return `${(total === 0 ? 100 : (100 * covered) / total).toFixed(1)} %`;
}
