import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { newTitlePage, TITLE_PAGE } from '../../../core/ledger/head/title-page.ts';
import { LEDGER_BRANCH } from '../../../core/names.ts';
import { NPM_BIN, ROOT, VENV_BIN, venvProgram } from '../../../sandbox/checkout.ts';
import { readLedgerState } from '../../../sandbox/github/read-ledger.ts';
import { discard } from '../../../sandbox/machine/discard.ts';
import { startMlflow } from '../../../sandbox/machine/mlflow-server.ts';
import { readTemplate } from '../../../sandbox/runner/staged-trainyard.ts';
import { startSandbox } from '../../../sandbox/sandbox.ts';

const PERSON = 'ada';
const MODEL = 'waits';
const WORKFLOW = 'trainyard.yml';

/** How long each training waits, in s, and how many there are. */
type SearchSize = { readonly seconds: number; readonly trials: number };

/** A training that waits, and whose metric is known. */
function projectOf({ seconds, trials }: SearchSize): Readonly<Record<string, string>> {
  return {
    MLproject: `name: ${MODEL}\nentry_points: { main: { parameters: { seconds: float, x: float }, command: "python wait.py {seconds} {x}" } }\n`,
    'wait.py': [
      'import sys, time',
      'import mlflow',
      'seconds, x = map(float, sys.argv[1:])',
      'with mlflow.start_run():',
      '    time.sleep(seconds)',
      '    mlflow.log_metric("loss", (x - 1) ** 2)',
      '',
    ].join('\n'),
    'holdout.csv': 'x,y\n1,2\n',
    'trainyard.yml': [
      'version: 1',
      `model: ${MODEL}`,
      `project: { parameters: { seconds: ${seconds}, x: 0 } }`,
      'data: { holdout: { path: holdout.csv, target: y } }',
      `search: { trials: ${trials}, metric: loss, direction: minimize, pruning: none, space: { x: { uniform: [-5, 5] } } }`,
      'gate: [{ metric: mae, ceiling: 1 }]',
      '',
    ].join('\n'),
  };
}

/** Seconds of a whole search, one training at a time: by `/tune` under act, from the event to the end of the last job, and by a script of a page. */
export async function timeSearch(
  size: SearchSize,
): Promise<{ readonly underAct: number; readonly byHand: number }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-bench-search-'));
  const python = venvProgram('python');
  const mlflow = await startMlflow({ python, folder: path.join(folder, 'mlflow'), env: process.env });
  try {
    const underAct = await timeUnderAct(path.join(folder, 'github'), mlflow.url, size);
    const byHand = timeByHand(path.join(folder, 'by-hand'), mlflow.url, size);
    return { underAct, byHand };
  } finally {
    await mlflow.child.stop();
    discard(folder);
  }
}

async function timeUnderAct(folder: string, tracking: string, size: SearchSize): Promise<number> {
  const variables = { MLFLOW_TRACKING_URI: tracking };
  const sandbox = await startSandbox({ folder, people: { [PERSON]: 'maintain' }, variables });
  try {
    const files = {
      ...projectOf(size),
      [`.github/workflows/${WORKFLOW}`]: readTemplate(ROOT, WORKFLOW),
    };
    // By none of both a workflow is started.
    sandbox.remote.commit({ branch: 'main', files, message: 'Wait', author: PERSON });
    const title = { [TITLE_PAGE]: newTitlePage() };
    sandbox.remote.commit({ branch: LEDGER_BRANCH, files: title, message: 'Begin', author: PERSON });
    const started = performance.now();
    const [run] = sandbox.manual(WORKFLOW, { operation: 'tune' }, PERSON);
    if (run === undefined) throw new Error(`${WORKFLOW} was not started`);
    await sandbox.finished(run);
    const seconds = (performance.now() - started) / 1_000;
    const [training] = Object.values(readLedgerState(sandbox.remote, MODEL).trainings);
    if (training?.search?.complete !== size.trials) {
      throw new Error(`the search of ${size.trials} trials is not on record: ${run.log}`);
    }
    return seconds;
  } finally {
    await sandbox.stop();
  }
}

function timeByHand(folder: string, tracking: string, size: SearchSize): number {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(projectOf(size))) writeFileSync(path.join(folder, name), text);
  const script = path.join(import.meta.dirname, 'search_by_hand.py');
  const started = performance.now();
  execFileSync(venvProgram('python'), [script, 'by-hand', String(size.seconds), String(size.trials)], {
    cwd: folder,
    // Without a standard input, as on a runner: a shell that finds a socket there reads its owner's start-up files.
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      PATH: [VENV_BIN, NPM_BIN, process.env['PATH']].join(path.delimiter),
      MLFLOW_TRACKING_URI: tracking,
    },
  });
  return (performance.now() - started) / 1_000;
}
