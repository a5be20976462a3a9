import type { SimulationOptions, SimulationRow } from './simulation-row.ts';

const INTRODUCTION = `# What the decisions promise, measured

Trainyard's gate, canary and drift detection are statistical decisions, and each states how often it may be wrong. This page holds every such
promise against a simulation with known truth, on the code that decides in production. Where other tools have a rule for the same
decision, the same draws are judged by that rule too.
`;

const SHORT_RUN =
  'This was a short run: each row says how many draws it made, and a promise counts as broken only where chance does not explain the figure.';

const ENDING = `
Reading the rows:

- **Gate.** A comparison passes when the one-sided 95% bound lies above the margin, so a challenger that is worse by exactly the margin may pass
  one time in twenty; a point estimate lets it pass far more often. Slices share one error budget (Holm); fairness tests every pair of groups
  with a bound that holds for all pairs, because the largest observed gap is biased upwards by noise, and a bootstrap of it more so.
- **Canary.** Evidence is looked at after every poll; its false-alarm rate holds however often that is, and under any traffic.
- **Drift.** An alarm needs a shift beyond the tolerance and beyond what usual days show; the threshold is the expected time between
  false alarms of the whole model, not of one feature on one day.
- **Monitor.** Whole deployments, a check a day: windows that hosts fold and keep as long as a version serves, late labels, weekends, nights, refused requests,
  and a ledger that holds what was said before. An index of 0.1 is \`warn\` itself: half of all days are below it. What was told once is told until its end is
  shown, so none is untold on a later day; but by its own noise a holdout of 300 or 1,000 rows may put such a shift below \`warn\` for good, and
  then it is never found. A holdout of 300 rows may itself promise 3.3 points too much (row 26), so of a fall by 5 points little is left to be
  found: docs/statistics.md says how much any test could. More rows mend both.
`;

/** The page of all promises, as Markdown, and how to make it again. */
export function renderDecisions(rows: readonly SimulationRow[], { scale, seed }: SimulationOptions): string {
  const command =
    scale >= 1
      ? `npm run simulate -- --seed ${seed}`
      : `npm run simulate -- --scale ${scale} --seed ${seed} --write`;
  const made = `Made by \`${command}\`; the same seed gives the same figures on every machine, run times apart.`;
  const short = scale >= 1 ? '' : `\n\n${SHORT_RUN}`;
  return `${INTRODUCTION}\n${made}${short}\n\n${renderTable(rows)}\n${ENDING}`;
}

/**
 * The page with these rows in the place of those of the same numbers, all else as it was: sections are measured by themselves where only
 * they have changed. Each row's figures depend on the seed alone, so the page is as if all had been measured.
 */
export function replaceRows(page: string, rows: readonly SimulationRow[]): string {
  const renewed = new Set(rows.map(({ row }) => row));
  const lines = page.split('\n');
  const old = lines.flatMap((line) => {
    const row = Number(ROW_LINE.exec(line)?.[1]);
    return Number.isNaN(row) ? [] : [{ row, line }];
  });
  const kept = old.filter(({ row }) => !renewed.has(row));
  const table = [...kept, ...rows.map((row) => ({ row: row.row, line: lineOf(row) }))]
    .toSorted((a, b) => a.row - b.row)
    .map(({ line }) => line);
  const first = lines.findIndex((line) => ROW_LINE.test(line));
  return [...lines.slice(0, first), ...table, ...lines.slice(first + old.length)].join('\n');
}

const ROW_LINE = /^\| (\d+) \|/;

/** One line per promise, as a Markdown table. */
export function renderTable(rows: readonly SimulationRow[]): string {
  return [
    '| # | Promise | Target | Measured | Other rules on the same draws | Kept |',
    '| ---: | --- | --- | --- | --- | --- |',
    ...rows.map(lineOf),
  ].join('\n');
}

function lineOf({ row, quantity, target, observed, anchors, met }: SimulationRow): string {
  const others = anchors.map(({ name, value }) => `${name}: ${value}`).join('; ');
  const cells = [String(row), quantity, target, observed, others, met ? 'yes' : '**no**'];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
