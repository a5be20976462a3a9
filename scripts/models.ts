import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeEnvironment } from '../measure/models/make-environment.ts';
import { openWarmPython } from '../measure/models/open-warm-python.ts';
import { playAll } from '../measure/models/play-all.ts';
import { nameOutcome, type PlayedKind } from '../measure/models/played.ts';
import { keepPlayed, readPlayed } from '../measure/models/played-file.ts';
import { KINDS_FOLDER, type ModelKind, readKinds } from '../measure/models/read-kinds.ts';
import { renderModels } from '../measure/models/render-models.ts';
import { PYTHON, ROOT, STATE_DIR, VENV_BIN } from '../sandbox/checkout.ts';
import { startMlflow } from '../sandbox/machine/mlflow-server.ts';

const HELP = `npm run models [-- [--jobs NUMBER] [--boxed] [--page] [--verbose] [NAME...]]

Takes kinds of model that people log through training, check, gate, package and handler, and compares with their own libraries.

  --jobs NUMBER  how many at the same time (2)
  --boxed        by mlflow run, and user code in its box: what a job does, five times as slow
  --page         play nothing, and write the page
  --verbose      print what the jobs print
  NAME           a kind, or a family of kinds (all)

How each kind ended when it was played last is kept in measure/models/played.json, and docs/models.md is written by that.
`;
const FOLDER = path.join(STATE_DIR, 'models-run');
const PLAYED = path.join(KINDS_FOLDER, 'played.json');

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      jobs: { type: 'string', default: '2' },
      boxed: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      page: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const jobs = Number(values.jobs);
  if (values.help || !(jobs >= 1)) {
    process.stdout.write(HELP);
    return values.help ? 0 : 2;
  }
  const python = values.page ? PYTHON : makeEnvironment((line) => process.stderr.write(`${line}\n`));
  const all = await readKinds(python);
  const unknown = positionals.filter((asked) => !all.some((kind) => isNamed(kind, [asked])));
  if (unknown.length > 0) {
    process.stderr.write(`There is no kind or family called ${unknown.join(', ')}.\n`);
    return 2;
  }
  const kinds = positionals.length === 0 ? all : all.filter((kind) => isNamed(kind, positionals));
  const onLine = (line: string) => void (values.verbose && process.stderr.write(`${line}\n`));
  const surprises = values.page ? 0 : await play(kinds, { python, jobs, isBoxed: values.boxed, onLine });
  writePage(all);
  return surprises === 0 ? 0 : 1;
}

function isNamed({ name, family }: ModelKind, asked: readonly string[]): boolean {
  return asked.includes(name) || asked.includes(family);
}

type Playing = {
  readonly python: string;
  readonly jobs: number;
  readonly isBoxed: boolean;
  readonly onLine: (line: string) => void;
};

/** Plays kinds on an MLflow of their own, and gives how many ended otherwise than is written beside them. */
async function play(kinds: readonly ModelKind[], options: Playing): Promise<number> {
  const { python, isBoxed } = options;
  mkdirSync(FOLDER, { recursive: true });
  process.env['PATH'] = [path.dirname(python), VENV_BIN, process.env['PATH']].join(path.delimiter);
  process.env['OMP_NUM_THREADS'] = '1';
  const mlflow = await startMlflow({ python, folder: path.join(FOLDER, 'mlflow'), env: process.env });
  const warm = isBoxed ? undefined : await openWarmPython(python, FOLDER);
  let surprises = 0;
  try {
    await playAll(kinds, {
      ...options,
      ...{ python: warm?.python ?? python, folder: path.join(FOLDER, 'work'), trackingUri: mlflow.url },
      onPlayed: (kind, played) => {
        keepPlayed(PLAYED, kind.name, played);
        const name = nameOutcome(played);
        if (name !== kind.outcome) surprises += 1;
        process.stdout.write(`${describe(kind, played)}\n`);
      },
    });
  } finally {
    warm?.stop();
    await mlflow.child.stop();
  }
  return surprises;
}

function describe(kind: ModelKind, played: PlayedKind): string {
  const name = nameOutcome(played);
  if (name === kind.outcome) return `as expected  ${kind.name}: ${name}`;
  const said = played.kind === 'refused' ? ` ${played.message} ${played.remedy}` : '';
  return `OTHERWISE    ${kind.name}: ${name}, expected ${kind.outcome}.${said}`;
}

/** Writes docs/models.md by how each kind ended when it was played last. */
function writePage(kinds: readonly ModelKind[]): void {
  const known = readPlayed(PLAYED);
  const rows = kinds.map((kind) => ({ kind, played: known[kind.name] }));
  writeFileSync(path.join(ROOT, 'docs', 'models.md'), renderModels(rows, readVersions()));
}

/** The libraries that the page names: all of the instrument's own, and those beneath it that log models. */
function readVersions(): readonly string[] {
  const lines = [path.join(ROOT, 'requirements.txt'), path.join(KINDS_FOLDER, 'requirements.txt')].flatMap(
    (file) => readFileSync(file, 'utf8').split('\n'),
  );
  const beneath = /^(mlflow|torch|xgboost-cpu|scikit-learn|statsmodels)==[^;]*(?:$|; python_version >= )/;
  const own = new Set(readFileSync(path.join(KINDS_FOLDER, 'requirements.txt'), 'utf8').split('\n'));
  return lines
    .filter((line) => beneath.test(line) || (own.has(line) && line.includes('==')))
    .map((line) => line.replace(/;.*/, '').trim());
}
