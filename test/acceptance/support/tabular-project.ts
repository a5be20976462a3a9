import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT, venvProgram } from '../../../sandbox/checkout.ts';
import type { Files } from '../../../sandbox/github/git-remote.ts';
import { readTemplate } from '../../../sandbox/runner/staged-trainyard.ts';

const PROJECT = path.join(ROOT, 'test', 'fixtures', 'projects', 'tabular');

/** The tabular project with its data, as a push would bring it, prepared in this folder. */
export function readTabularProject(folder: string, configuration: string): Files {
  const work = path.join(folder, 'project');
  mkdirSync(work, { recursive: true });
  cpSync(PROJECT, work, { recursive: true });
  execFileSync(venvProgram('python'), ['etl.py'], { cwd: work });
  // The fixture ignores its data, which a job elsewhere would make; here it is pushed.
  const names = [
    ...readdirSync(PROJECT).filter((name) => name !== '.gitignore'),
    'data/train.csv',
    'data/holdout.csv',
  ];
  return {
    ...Object.fromEntries(names.map((name) => [name, readFileSync(path.join(work, name), 'utf8')])),
    'trainyard.yml': configuration,
    '.github/workflows/trainyard.yml': readTemplate(ROOT, 'trainyard.yml'),
  };
}
