import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { driftRows } from '../measure/simulate/drift.ts';
import { equalCandidateRows } from '../measure/simulate/equal-candidates.ts';
import { everyRequestRows } from '../measure/simulate/every-request.ts';
import { gateRows } from '../measure/simulate/gate.ts';
import { renderDecisions, renderTable, replaceRows } from '../measure/simulate/render-decisions.ts';
import { rolloutRows } from '../measure/simulate/rollout.ts';
import type { SimulationOptions, SimulationRow } from '../measure/simulate/simulation-row.ts';
import { monitorRows } from '../measure/simulate/year/monitor.ts';
import { runWorld, WORLD_HELP } from '../measure/world/run/run-world.ts';
import { ROOT } from '../sandbox/checkout.ts';

type Section = (options: SimulationOptions) => SimulationRow[];

const SECTIONS: Readonly<Record<string, Section>> = {
  rollout: (options) => [...rolloutRows(options), ...everyRequestRows(options)],
  gate: gateRows,
  drift: driftRows,
  monitor: monitorRows,
};

/** Too long to be made with every page of figures: asked for by name. */
const BY_NAME: Readonly<Record<string, Section>> = { equal: equalCandidateRows };

const HELP = `npm run simulate [-- [--scale SHARE] [--seed NUMBER] [NAME...]]

Measures what the decisions promise: how often they are wrong, how soon they are right.

  --scale SHARE  share of the full number of draws (1; 0.02 takes two minutes)
  --seed NUMBER  what every random number depends on (1)
  --write        write docs/decisions.md from less than a full run too; of sections that are named, their rows alone
  NAME           ${Object.keys(SECTIONS).join(', ')} (all); ${Object.keys(BY_NAME).join(', ')}, which takes an hour of processor time in full

A full run of everything also writes docs/decisions.md.

${WORLD_HELP}`;

const [first, ...rest] = process.argv.slice(2);
process.exitCode = first === 'world' ? await runWorld(rest) : main(process.argv.slice(2));

function main(argv: string[]): number {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      scale: { type: 'string' },
      seed: { type: 'string' },
      write: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  const options = { scale: Number(values.scale ?? 1), seed: Number(values.seed ?? 1) };
  const sections = { ...SECTIONS, ...BY_NAME };
  const names = positionals.length > 0 ? positionals : Object.keys(SECTIONS);
  const unfit =
    names.some((name) => !(name in sections)) || !(options.scale > 0) || Number.isNaN(options.seed);
  if (values.help === true || unfit) {
    process.stdout.write(HELP);
    return unfit ? 2 : 0;
  }
  const rows = names.flatMap((name) => sections[name]?.(options) ?? []).sort((a, b) => a.row - b.row);
  process.stdout.write(`${renderTable(rows)}\n`);
  const page = join(ROOT, 'docs', 'decisions.md');
  if (positionals.length > 0 && values.write === true)
    writeFileSync(page, replaceRows(readFileSync(page, 'utf8'), rows));
  if (positionals.length === 0 && (options.scale >= 1 || values.write === true))
    writeFileSync(page, renderDecisions(rows, options));
  return rows.every(({ met }) => met) ? 0 : 1;
}
