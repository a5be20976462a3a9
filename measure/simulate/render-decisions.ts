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
