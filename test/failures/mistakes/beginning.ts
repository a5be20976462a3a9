import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { createStranger } from '../../cli/support/stranger.ts';
import { byCommand } from '../support/by-command.ts';
import type { Mistake } from '../support/mistake.ts';

/** The repository before anybody heard of Trainyard. */
const BEFORE = {
  'trainyard.yml': undefined,
  '.github/workflows/trainyard.yml': undefined,
  '.github/workflows/trainyard-monitor.yml': undefined,
};

function init(changes: Parameters<typeof createStranger>[0], ...args: readonly string[]) {
  return () => byCommand(createStranger({ ...BEFORE, ...changes }), ['init', '--model', 'flats', ...args]);
}

/** What `init` can't do without. */
export const BEGINNING: readonly Mistake[] = [
  {
    does: 'The folder is no git repository',
    place: 'init',
    code: 'no-repository',
    names: /git init/,
    play: () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'ty-folder-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      return byCommand(folder, ['init']);
    },
  },
  {
    does: 'There is no MLproject file',
    place: 'init',
    code: 'no-mlproject',
    names: /MLflow Project/,
    play: init({ 'ml/MLproject': undefined }),
  },
  {
    does: 'Nothing tells which table is the holdout',
    place: 'init',
    code: 'which-holdout',
    names: /--holdout/,
    play: init({ 'ml/data/unseen.csv': undefined, 'ml/data/new.csv': 'a,b\n1,2\n' }, '--parameter', 'rate=1'),
  },
  {
    does: 'Nothing tells which column is the truth',
    place: 'init',
    code: 'which-target',
    names: /--target/,
    play: init({}, '--parameter', 'rate=1'),
  },
  {
    does: 'A parameter without a default gets no value',
    place: 'init',
    code: 'parameter-without-value',
    names: /--parameter rate=/,
    play: init({}, '--target', 'price'),
  },
];
