import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { KINDS_FOLDER, type ModelKind } from './read-kinds.ts';

/** A rule that nothing fails: what is looked at is the number that it judges. */
const RULES: Readonly<Record<string, string>> = {
  accuracy: '{ metric: accuracy, floor: 0.001 }',
  'log-loss': '{ metric: log-loss, ceiling: 1000 }',
  mae: '{ metric: mae, ceiling: 1000000 }',
  'hamming-loss': '{ metric: hamming-loss, ceiling: 1 }',
  f1: '{ metric: f1, floor: 0 }',
  'label-ranking-average-precision': '{ metric: label-ranking-average-precision, floor: 0 }',
  'mean-pinball': '{ metric: mean-pinball, ceiling: 1000000 }',
  ndcg: '{ metric: ndcg, floor: 0 }',
  'ndcg@5': '{ metric: ndcg@5, floor: 0 }',
};

/** Where the repository of one kind lies, and where its MLflow is. */
export type Workplace = { readonly folder: string; readonly ledger: string; readonly trackingUri: string };

/** Makes the repository of a user who logs this kind; the holdout is written into it afterwards. */
export function makeWorkplace(kind: ModelKind, root: string, trackingUri: string): Workplace {
  const folder = path.join(root, kind.name);
  const ledger = path.join(root, `${kind.name}.git`);
  for (const place of [folder, ledger]) {
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place, { recursive: true });
  }
  cpSync(KINDS_FOLDER, path.join(folder, 'training'), {
    recursive: true,
    filter: (source) => !source.includes('__pycache__') && !source.endsWith('.ts'),
  });
  writeFileSync(path.join(folder, 'MLproject'), PROJECT);
  const workplace = { folder, ledger, trackingUri };
  writeConfiguration(kind, workplace, [kind.metric]);
  execFileSync('git', ['init', '--quiet', '--bare', ledger]);
  return workplace;
}

const PROJECT = `name: model
entry_points:
  train:
    parameters:
      kind: {type: string}
    command: "python training/train.py --kind {kind}"
`;

/** Commits all that is there. */
export function commitAll({ folder }: Workplace): void {
  const git = (...args: string[]) => execFileSync('git', ['-C', folder, ...args], { stdio: 'pipe' });
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  const who = ['-c', 'user.name=ada', '-c', 'user.email=ada@example.com', '-c', 'core.hooksPath=/dev/null'];
  git(...who, 'commit', '--quiet', '--message', 'Log a model');
}

/** Writes trainyard.yml with a rule for each of these metrics. */
export function writeConfiguration(kind: ModelKind, place: Workplace, metrics: readonly string[]): void {
  const answers = kind.declares === '' ? [] : [`answers: ${kind.declares}`];
  const lines = [
    ...['version: 1', `model: ${kind.name}`],
    `tracking: { uri: "${place.trackingUri}", experiment: ${kind.name} }`,
    `project: { uri: ., environment: local, steps: { train: train }, parameters: { kind: ${kind.name} } }`,
    `data: { inputs: [training], holdout: { path: holdout.${kind.file}, target: label, id: id${kind.holdout === '' ? '' : `, ${kind.holdout}`} } }`,
    ...answers,
    'gate:',
    ...metrics.map((metric) => `  - ${RULES[metric]}`),
    'environments: { production: { hosts: ["http://127.0.0.1:9443"] } }',
  ];
  writeFileSync(path.join(place.folder, 'trainyard.yml'), `${lines.join('\n')}\n`);
}
