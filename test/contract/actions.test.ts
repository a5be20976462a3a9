import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { insertTables, parseActionFile, renderTables } from '../../actions/job/action-tables.ts';
import { COMMON_OUTPUTS, CONTRACTS, type Contract } from '../../actions/job/contract.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const MOST_INPUTS = 7;
const MOST_README_LINES = 90;
const ALL: readonly Contract[] = Object.values(CONTRACTS);

function readAction(...place: string[]) {
  return parseActionFile(readFileSync(path.join(ROOT, ...place), 'utf8'));
}

describe.each(ALL)('the action $name', (contract) => {
  const action = readAction('actions', contract.name, 'action.yml');
  const readme = readFileSync(path.join(ROOT, 'actions', contract.name, 'README.md'), 'utf8');

  test('takes the inputs that its action.yml declares, with the same defaults', () => {
    const declared = Object.entries(action.inputs).map(([name, input]) => [name, input.default]);
    const read = Object.entries(contract.inputs).map(([name, { fallback }]) => [name, fallback]);
    expect(Object.fromEntries(read)).toEqual(Object.fromEntries(declared));
  });

  test('gives the outputs that its action.yml declares', () => {
    expect([...COMMON_OUTPUTS, ...contract.outputs]).toEqual(Object.keys(action.outputs));
  });

  test(`has at most ${MOST_INPUTS} inputs`, () => {
    expect(Object.keys(action.inputs).length).toBeLessThanOrEqual(MOST_INPUTS);
  });

  test('runs on Node 24 from its stub in the shared bundle', () => {
    expect(action.runs).toEqual({ using: 'node24', main: `../dist/${contract.name}.mjs` });
  });

  test('has a README whose tables are those of its action.yml', () => {
    expect(insertTables(readme, renderTables(action))).toBe(readme);
    expect(readme.split('\n').length).toBeLessThanOrEqual(MOST_README_LINES);
  });

  test('has a README that shows the permissions of its job, each with a reason', () => {
    const permissions = readme
      .split('\n')
      .filter((line) => /^ +(contents|issues|pull-requests|deployments): /.test(line));
    expect(permissions.length).toBeGreaterThan(0);
    for (const line of permissions) expect(line).toMatch(/: (read|write) # \S/);
  });
});

test('every folder of actions/ that holds an action.yml is one of the registry', () => {
  const folders = readdirSync(path.join(ROOT, 'actions'), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.name === 'action.yml')
    .map((entry) => path.basename(entry.parentPath));
  expect(folders.toSorted()).toEqual(Object.keys(CONTRACTS).toSorted());
});

test('the root action is plan under the name of the repository', () => {
  const root = readAction('action.yml');
  const plan = readAction('actions', 'plan', 'action.yml');
  expect(root).toEqual({
    ...plan,
    name: 'Trainyard',
    runs: { using: 'node24', main: 'actions/dist/plan.mjs' },
  });
});

test('inputs that hold secrets are marked as such, so that they are masked', () => {
  const secrets = ALL.flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([name]) => /token|secret|key|password/.test(name))
    .map(([, { secret }]) => secret);
  expect(secrets.length).toBeGreaterThan(0);
  expect(secrets.every(Boolean)).toBe(true);
});
