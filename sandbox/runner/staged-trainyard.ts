import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gateJobs } from './gate-jobs.ts';
import { pinWorkflow } from './pinned-workflow.ts';

/** The name under which workflows call Trainyard. */
const TRAINYARD = 'trainyard/trainyard';
const TRAINYARD_REF = 'v1';

const WORKFLOWS = path.join('.github', 'workflows');
/** What stands for the actions of GitHub's own that the reusable workflows use. */
const STAND_INS = [
  { action: /actions\/checkout@[0-9a-f]{40}/g, folder: path.join(import.meta.dirname, 'checkout') },
  {
    action: /actions\/upload-artifact@[0-9a-f]{40}/g,
    folder: path.join(import.meta.dirname, 'upload-artifact'),
  },
];
const REUSABLE = ['pipeline.yml', 'monitor.yml'];

/**
 * Copies into `folder` what a runner would download of this repository at a release: action.yml files, the bundle, the Python
 * runtime, and the reusable workflows in the form that act understands. Gives the folder that stands for each remote action.
 */
export function stageTrainyard(root: string, folder: string): Readonly<Record<string, string>> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, WORKFLOWS), { recursive: true });
  const contracts = readdirSync(path.join(root, 'actions'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join('actions', entry.name, 'action.yml'));
  for (const item of ['action.yml', ...contracts, path.join('actions', 'dist'), 'runtime', 'package.json']) {
    const source = path.join(root, item);
    if (existsSync(source)) cpSync(source, path.join(folder, item), { recursive: true, filter: isShipped });
  }
  const stood: Record<string, string> = { [`${TRAINYARD}@${TRAINYARD_REF}`]: folder };
  for (const file of REUSABLE) {
    const text = readFileSync(path.join(root, WORKFLOWS, file), 'utf8');
    writeFileSync(path.join(folder, WORKFLOWS, file), pinWorkflow(gateJobs(text), TRAINYARD, TRAINYARD_REF));
    for (const { action, folder: standIn } of STAND_INS) {
      for (const reference of text.match(action) ?? []) stood[reference] = standIn;
    }
  }
  return stood;
}

/** A caller workflow of workflows-templates/, as it is copied. */
export function readTemplate(root: string, name: string): string {
  return readFileSync(path.join(root, 'workflows-templates', name), 'utf8');
}

function isShipped(source: string): boolean {
  return !/__pycache__|\.pytest_cache|\.ruff_cache/.test(source);
}
