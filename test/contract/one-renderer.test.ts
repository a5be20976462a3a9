import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '..', '..');

/** What only a renderer has to know: how to escape, and how a title, a fold, a table or a marker of ours is written. */
const RENDERING =
  /report\/(?:escape-markdown|fit-blocks)\.ts'|[`'"]#{2,4} |<details>|\| ---|\|---|<!-- trainyard:/;
/** The tables of the READMEs are documents of this repository and report nothing. */
const DOCUMENTS: readonly string[] = [
  'actions/job/action-tables.ts',
  'agent/readme-tables.ts',
  'cli/readme-tables.ts',
];

function readSources(folder: string): readonly { readonly file: string; readonly text: string }[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => path.posix.join(folder, name.split(path.sep).join('/')))
    .filter((file) => file.endsWith('.ts') && !DOCUMENTS.includes(file))
    .map((file) => ({ file, text: readFileSync(path.join(ROOT, file), 'utf8') }));
}

test('only core/report knows how a report looks: everyone else hands over data', () => {
  const renderers = ['core', 'adapters', 'actions', 'agent', 'cli']
    .flatMap(readSources)
    .filter(({ text }) => RENDERING.test(text))
    .map(({ file }) => file);
  expect(renderers.filter((file) => !file.startsWith('core/report/'))).toEqual([]);
  expect(renderers).toContain('core/report/render-block.ts');
});

test('the actions that share the comment of a plan are those that core/report/limits.ts divides it among', () => {
  const sharing = readSources('actions').filter(({ text }) => /\bcommentOnPlan\(job/.test(text));
  expect(sharing.map(({ file }) => file).toSorted()).toEqual([
    'actions/deploy/main.ts',
    'actions/evaluate-gate/main.ts',
    'actions/propose/main.ts',
    'actions/register/main.ts',
    'actions/report/main.ts',
  ]);
});
