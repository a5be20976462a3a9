import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT, venvProgram } from '../../../sandbox/checkout.ts';

const NODE = path.join(ROOT, 'node_modules', '.bin', 'node');
const WHO = { NAME: 'ada', EMAIL: 'ada@localhost' };
/** A rollout in production takes its time, which a rehearsal has not. */
const SHORT = 'rollout: { stages: [50, 100], stage-min: 10s, min-requests: 40, latency-margin: 100% }';

/** Somebody's repository, and what they say of it to `init` and to a model that serves. */
type StrangerProject = {
  /** Options of `init` beyond those that every repository needs. */
  readonly init: readonly string[];
  /** Whether it imports more than MLflow, PyTorch and scikit-learn. */
  readonly hasRequirements: boolean;
  /** A comment that trains once more. */
  readonly train: string;
  /** What the holdout's first row is asked with. */
  readonly ask: readonly string[];
};

const HOST = 'https://serve-1:9443';

/** The repositories of `test/fixtures/strangers`, by their folders. */
export const STRANGERS = {
  cells: {
    init: ['--target', 'runs', '--task', 'text', '--measure', 'iou=masks.py:iou', '--limit', '0.6'],
    hasRequirements: false,
    train: '/train epochs=8',
    ask: [
      'import json, numpy',
      'pictures = numpy.load("data/holdout.npz")["image"][:1]',
      'print(json.dumps({"inputs": pictures.round(3).astype(float).tolist()}))',
    ],
  },
  mails: {
    init: ['--target', 'label', '--task', 'multiclass', '--limit', '0.75'],
    hasRequirements: true,
    train: '/train epochs=14',
    ask: ['print(\'{"dataframe_records": [{"text": "hello where is my parcel courier"}]}\')'],
  },
  shop: {
    init: ['--target', 'relevance', '--task', 'ranking', '--group', 'query', '--limit', '0.85'],
    hasRequirements: true,
    train: '/train trees=80',
    ask: [
      'import json, pandas',
      'rows = pandas.read_csv("data/holdout.csv").head(2)[["words_in_common", "rating", "price", "sold_last_week"]]',
      'print(json.dumps({"dataframe_records": rows.astype(float).to_dict("records")}))',
    ],
  },
} as const satisfies Readonly<Record<string, StrangerProject>>;

export type StrangerName = keyof typeof STRANGERS;

/** A repository of somebody who has heard of Trainyard a minute ago, on the branch `trunk`. */
export type Stranger = StrangerProject & {
  readonly folder: string;
  /** Runs a command of Trainyard there, and gives what it printed. Throws where it fails. */
  readonly trainyard: (...args: readonly string[]) => string;
  readonly commit: (message: string) => void;
};

/** Makes the data and the first commit of a stranger's project, in a folder of its own. */
export function createStrangerProject(name: StrangerName): Stranger {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'ty-stranger-')), name);
  cpSync(path.join(ROOT, 'test', 'fixtures', 'strangers', name), folder, {
    recursive: true,
    filter: (file) => !file.endsWith('__pycache__'),
  });
  const git = (...args: readonly string[]) => {
    const of = ['-c', `user.name=${WHO.NAME}`, '-c', `user.email=${WHO.EMAIL}`];
    execFileSync('git', [...of, ...args], { cwd: folder, stdio: 'pipe' });
  };
  const commit = (message: string) => {
    git('add', '--all');
    git('commit', '--quiet', '--message', message);
  };
  execFileSync(venvProgram('python'), ['-B', 'make_data.py'], { cwd: folder });
  git('init', '--quiet', '--initial-branch', 'trunk');
  commit('A project');
  const trainyard = (...args: readonly string[]) =>
    execFileSync(NODE, [path.join(ROOT, 'cli/main.ts'), ...args], { cwd: folder, encoding: 'utf8' });
  return { ...STRANGERS[name], folder, trainyard, commit };
}

/** Puts it in the yard, as docs/first-hour.md says: `init`, the short rollout of a rehearsal, a commit, and `check`, whose last line it gives. */
export function putInTheYard({ folder, init, trainyard, commit }: Stranger): string {
  trainyard('init', ...init, '--host', HOST);
  const file = path.join(folder, 'trainyard.yml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/rollout: .*/, SHORT));
  commit('Put it in the yard');
  return trainyard('check').trimEnd().split('\n').at(-1) ?? '';
}
