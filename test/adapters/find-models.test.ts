import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findModels } from '../../adapters/find-models.ts';

let workspace: string;
beforeEach(() => {
  workspace = mkdtempSync(path.join(tmpdir(), 'models-'));
});
afterEach(() => rmSync(workspace, { recursive: true }));

function put(files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(workspace, file)), { recursive: true });
    writeFileSync(path.join(workspace, file), text);
  }
}

const calling = (...configs: readonly (string | undefined)[]) => `
on: { issue_comment: { types: [created] } }
jobs:
${configs
  .map(
    (config, index) => `  job${index}:
    uses: trainyard/trainyard/.github/workflows/pipeline.yml@v1
    with: { ${config === undefined ? '' : `config: '${config}'`} }`,
  )
  .join('\n')}
`;

it('are those that the workflows of the repository are called for', async () => {
  put({
    'trainyard.yml': 'model: mnist\n',
    'faces/trainyard.yml': 'model: faces\n',
    'old/trainyard.yml': 'model: forgotten\n',
    '.github/workflows/trainyard.yml': calling(undefined, './faces/trainyard.yml'),
  });
  expect(await findModels(workspace, 'trainyard.yml')).toEqual({ own: 'mnist', all: ['faces', 'mnist'] });
  expect(await findModels(workspace, 'faces/trainyard.yml')).toMatchObject({ own: 'faces' });
});

it('may be called for by the actions themselves', async () => {
  put({
    'trainyard.yml': 'model: mnist\n',
    'faces.yml': 'model: faces\ngate: [{ metric: accuracy, flor: 0.9 }]\n',
    '.github/workflows/own.yaml': `
on: [issue_comment]
jobs:
  plan: { runs-on: x, steps: [{ uses: trainyard/trainyard@v1, with: { config: faces.yml } }, { run: ls }] }
`,
  });
  expect((await findModels(workspace, 'trainyard.yml')).all).toEqual(['faces', 'mnist']);
});

it.each([
  ['nothing', {}],
  ['a workflow that can not be read', { '.github/workflows/a.yml': 'on: issue_comment\njobs: [' }],
  [
    'one that hears no comments',
    { '.github/workflows/a.yml': calling('faces.yml').replace('issue_comment', 'push') },
  ],
  ['one that an expression tells', { '.github/workflows/a.yml': calling(`\${{ matrix.config }}`) }],
  ['a file that is not there', { '.github/workflows/a.yml': calling('gone.yml') }],
])('is the own one alone beside %s', async (_what, files) => {
  put({ 'trainyard.yml': 'model: mnist\n', 'faces.yml': 'model: faces\n', ...files });
  expect(await findModels(workspace, 'trainyard.yml')).toEqual({ own: 'mnist', all: ['mnist'] });
});
