import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { createPythonRuntime } from '../../../adapters/python-runtime.ts';
import { checkHandler } from '../../../agent/runtimes/process/check-handler.ts';
import { ROOT, venvProgram } from '../../../sandbox/checkout.ts';
import { packArchive } from '../../agent/support/pack-archive.ts';
import { codeOf } from '../support/code-of.ts';
import { writeEvilModel } from '../support/evil-model.ts';
import { play } from '../support/play.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-python-attack-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lines: string[] = [];

/** Our runtime in a working copy, as a job starts it. */
function runtimeIn(workspace: string, variables: Readonly<Record<string, string>> = {}) {
  return createPythonRuntime({
    ...{ python: venvProgram('python'), runtime: path.join(ROOT, 'runtime'), workspace },
    ...{ env: { ...process.env, ...variables }, trackingUri: 'http://127.0.0.1:1' },
    ...{
      policy: { require: true, timeoutSeconds: 120 },
      environment: 'own',
      onLine: (line) => lines.push(line),
    },
  });
}

/** Starts our runtime in a working copy with these files, each of which leaves a mark where it is imported. */
async function startBeside(files: readonly string[], variables: readonly string[] = []): Promise<string> {
  const workspace = mkdtempSync(path.join(folder, 'work-'));
  const loot = path.join(workspace, 'loot.txt');
  for (const file of files) {
    mkdirSync(path.dirname(path.join(workspace, file)), { recursive: true });
    writeFileSync(path.join(workspace, file), `open(${JSON.stringify(loot)}, 'a').write(__file__)\n`);
  }
  const set = Object.fromEntries(variables.map((name) => [name, workspace]));
  const before = process.cwd();
  process.chdir(workspace);
  lines.length = 0;
  const code = await codeOf(
    runtimeIn(workspace, set).measurePackage(path.join(workspace, 'no-package'), 1, 'none'),
  );
  process.chdir(before);
  // It has run, and found no package.
  if (!lines.join().includes('golden.json')) return code;
  return existsSync(loot) ? 'imported' : 'nothing imported';
}

play('P4', () =>
  startBeside([
    'trainyard/__init__.py',
    'trainyard/measure.py',
    'json.py',
    'numpy.py',
    'mlflow.py',
    'start.py',
  ]),
);

play('P5', () =>
  startBeside(
    ['sitecustomize.py', 'usercustomize.py', 'lib/python3.11/site-packages/sitecustomize.py'],
    ['PYTHONPATH', 'PYTHONHOME', 'PYTHONUSERBASE'],
  ),
);

play('P6', () =>
  startBeside(['conftest.py', 'pytest_plugin.py', 'setup.py', 'trainyard.pth'], ['PYTHONPATH']),
);

play('P7', async () => {
  const loot = path.join(folder, 'pickle-loot');
  const model = writeEvilModel(
    mkdtempSync(path.join(folder, 'model-')),
    `class Bomb:
    def __reduce__(self): return (open, (${JSON.stringify(loot)}, 'w'))
return Bomb()`,
  );
  const holdout = path.join(folder, 'holdout.csv');
  writeFileSync(holdout, 'id,label,x\na,1,1.5\nb,2,2.5\n');
  const asked = { path: holdout, target: 'label', id: 'id', slices: [], metrics: {} };
  const predictions = path.join(folder, 'p.parquet');
  const code = await codeOf(
    runtimeIn(folder).evaluate({
      targets: [{ modelUri: model, predictions }],
      answers: { contract: {}, isSettled: false },
      input: undefined,
      examples: [],
      holdout: asked,
    }),
  );
  return existsSync(loot) ? 'it ran' : code;
});

play('P8', () => {
  const before = "(root / 'trainyard_handler.py').open('a').write('import os')";
  return codeOf(checkHandler(packArchive({ folder, name: 'handler', before }), []));
});
