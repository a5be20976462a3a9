import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { discard } from '../../sandbox/machine/discard.ts';
import { printLine } from './figures.ts';

const MOST_SECONDS = 60;
const MOST_BYTES = 2e9;
/** F1 of so many classes may take so many times as long for each class as that of the fewest: more is not linear. */
const LINEAR = 1.5;

type Holdout = { readonly rows: number; readonly classes: number; readonly metrics: readonly string[] };

const SIZES: readonly Holdout[] = [
  { rows: 1_000_000, classes: 2, metrics: ['accuracy', 'roc-auc', 'f1', 'log-loss'] },
  { rows: 1_000_000, classes: 10, metrics: ['roc-auc'] },
  { rows: 50_000, classes: 1000, metrics: ['accuracy', 'f1', 'log-loss'] },
];
const CLASSES_FOR_F1 = [100, 300, 1000];
const ROWS_FOR_F1 = 10_000;

const judgedSchema = z.object({ read: z.number(), judged: z.number(), bytes: z.number() });

/**
 * What a judgement of much takes: a holdout of ten columns and both models' answers, read as judge reads them, and compared. Processor seconds
 * and the most memory of a process that does nothing else; then F1 by the number of classes, and 1,000 pictures counted for a profile.
 */
export function benchGateSizes(): void {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-sizes-'));
  try {
    process.stdout.write(
      `\ngate by size (goals: ${MOST_SECONDS} s of the processor, ${MOST_BYTES / 1e9} GB)\n`,
    );
    for (const size of SIZES) {
      const { read, judged, bytes } = judgeSize(folder, size);
      const name = `${size.rows} x ${size.classes} classes`;
      const isMet = read + judged <= MOST_SECONDS && bytes <= MOST_BYTES;
      const took = `read ${read.toFixed(1)} s, judged ${judged.toFixed(1)} s, ${gigabytes(bytes)}`;
      printLine(name, `${took} (${size.metrics.join(', ')}): ${isMet ? 'met' : 'missed'}`);
    }
    printF1(folder);
    printPictures();
  } finally {
    discard(folder);
  }
}

function judgeSize(folder: string, { rows, classes, metrics }: Holdout) {
  const place = path.join(folder, `${rows}-${classes}`);
  const write = path.join(ROOT, 'measure', 'bench', 'gate_sizes.py');
  execFileSync(venvProgram('python'), [write, place, String(rows), String(classes)], { stdio: 'inherit' });
  const judge = path.join(ROOT, 'measure', 'bench', 'judge-size.ts');
  const args = ['--disable-warning=ExperimentalWarning', judge, place, ...metrics];
  const said = execFileSync(process.execPath, args, { encoding: 'utf8' });
  discard(place);
  return judgedSchema.parse(JSON.parse(said));
}

function printF1(folder: string): void {
  const [first = Number.NaN, ...seconds] = CLASSES_FOR_F1.map((classes) => {
    const { judged } = judgeSize(folder, { rows: ROWS_FOR_F1, classes, metrics: ['f1'] });
    printLine(`F1 of ${classes} classes`, `${judged.toFixed(2)} s on ${ROWS_FOR_F1} rows`);
    return judged;
  });
  const most = (seconds.at(-1) ?? Number.NaN) / first;
  const classes = (CLASSES_FOR_F1.at(-1) ?? Number.NaN) / (CLASSES_FOR_F1[0] ?? Number.NaN);
  const isMet = most <= LINEAR * classes;
  printLine(
    '',
    `${most.toFixed(1)} times as long for ${classes} times as many: ${isMet ? 'linear' : 'more than linear'}`,
  );
}

function printPictures(): void {
  const count = path.join(ROOT, 'measure', 'bench', 'count_pictures.py');
  const said = execFileSync(venvProgram('python'), [count], { encoding: 'utf8' });
  const { seconds, bytes } = z.object({ seconds: z.number(), bytes: z.number() }).parse(JSON.parse(said));
  const isMet = seconds <= MOST_SECONDS && bytes <= MOST_BYTES;
  const took = `${seconds.toFixed(1)} s, ${gigabytes(bytes)} with their own 0.15 GB`;
  printLine('1000 pictures 3x224x224', `profile ${took}: ${isMet ? 'met' : 'missed'}`);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
