/** One thing that a pull request changes so that it is judged more kindly. All are tried by one pull request, whose model is bad. */
type Weakening = {
  readonly id: string;
  readonly tries: string;
  /** What stands in `trainyard.yml` of the default branch, and what the pull request writes instead; or the file that it changes. */
  readonly edit:
    | { readonly kind: 'line'; readonly ours: string; readonly theirs: string }
    | { readonly kind: 'file'; readonly file: string };
  /** What its report says, literally. */
  readonly told: string;
};

/** `trainyard.yml` of the default branch, where nothing serves yet. */
export const WITHOUT_SERVING = `version: 1
model: loans
project: { uri: ., environment: local, steps: { train: train }, parameters: { trees: 5 } }
data:
  inputs: [data/train.csv]
  holdout:
    path: data/holdout.csv
    id: id
    target: label
    slices: [region]
    metrics: { profit: metrics.py:profit }
answers: { task: binary, positive: 1 }
gate:
  - { metric: accuracy, floor: 0.7, require: non-inferior, margin: 0.01 }
  - { metric: profit, floor: -1000000 }
  - { examples: data/must.csv }
  - { metric: latency-p95, at-most: 50ms }
  - { metric: balanced-accuracy, floor: 0.55 }
commands: { forks: true }
`;

/** The same with a host, at which nothing listens. */
export const CONFIGURATION = `${WITHOUT_SERVING}environments:
  production:
    hosts: ["http://127.0.0.1:9"]
    rollout: { stages: [1, 50, 100], alpha: 0.01 }
`;

const line = (ours: string, theirs: string) => ({ kind: 'line', ours, theirs }) as const;
const file = (name: string) => ({ kind: 'file', file: name }) as const;

/** All of them, in the order of the table. */
export const WEAKENINGS: readonly Weakening[] = [
  {
    id: 'W1',
    tries: 'names an easier holdout',
    edit: line('path: data/holdout.csv', 'path: data/easy.csv'),
    told: '`data.holdout.path` from data/holdout.csv to data/easy.csv; judged on the default branch',
  },
  {
    id: 'W2',
    tries: 'changes the rows of the holdout',
    edit: file('data/holdout.csv'),
    told: 'changes the file `data/holdout.csv`; judged on the default branch',
  },
  {
    id: 'W3',
    tries: 'names another target, which its model hits',
    edit: line('target: label', 'target: always'),
    told: '`data.holdout.target` from label to always; judged on the default branch',
  },
  {
    id: 'W4',
    tries: 'is judged apart by another column',
    edit: line('slices: [region]', 'slices: [age]'),
    told: '`data.holdout.slices` from ["region"] to ["age"]; judged on the default branch',
  },
  {
    id: 'W5',
    tries: 'names another function as its metric',
    edit: line('metrics.py:profit', 'metrics.py:generous'),
    told: '`data.holdout.metrics.profit` from metrics.py:profit to metrics.py:generous; judged on the default branch',
  },
  {
    id: 'W6',
    tries: 'changes the code of its metric',
    edit: file('metrics.py'),
    told: 'changes the file `metrics.py`; judged by the default branch',
  },
  {
    id: 'W7',
    tries: 'changes the examples that must be answered so',
    edit: file('data/must.csv'),
    told: 'changes the file `data/must.csv`; judged by the default branch',
  },
  {
    id: 'W8',
    tries: 'turns round which answer is the positive one',
    edit: line('positive: 1', 'positive: 0'),
    told: '`answers.positive` from 1 to 0; read by the default branch',
  },
  {
    id: 'W9',
    tries: 'lowers a floor',
    edit: line('floor: 0.7', 'floor: 0.1'),
    told: '`gate[0].floor` from 0.7 to 0.1; judged by the default branch',
  },
  {
    id: 'W10',
    tries: 'widens a margin',
    edit: line('margin: 0.01', 'margin: 0.9'),
    told: '`gate[0].margin` from 0.01 to 0.9; judged by the default branch',
  },
  {
    id: 'W11',
    tries: 'allows more latency',
    edit: line('at-most: 50ms', 'at-most: 1m'),
    told: '`gate[3].at-most` from 50ms to 1m; judged by the default branch',
  },
  {
    id: 'W12',
    tries: 'takes out a rule',
    edit: line('  - { metric: balanced-accuracy, floor: 0.55 }\n', ''),
    told: 'removes `gate[4].metric` (balanced-accuracy); judged by the default branch',
  },
  {
    id: 'W13',
    tries: 'takes harm for chance in its rollout',
    edit: line('alpha: 0.01', 'alpha: 0.0001'),
    told: '`environments.production.rollout.alpha` from 0.01 to 0.0001; what holds is the default branch',
  },
  {
    id: 'W14',
    tries: 'goes to all traffic at once',
    edit: line('stages: [1, 50, 100]', 'stages: [100]'),
    told: '`environments.production.rollout.stages` from [1,50,100] to [100]; what holds is the default branch',
  },
];

/** The configuration that the pull request writes. */
export function weakenConfiguration(): string {
  return WEAKENINGS.reduce((text, { edit, id }) => {
    if (edit.kind === 'file') return text;
    if (!text.includes(edit.ours)) throw new Error(`${id} changes what is not there.`);
    return text.replace(edit.ours, edit.theirs);
  }, CONFIGURATION);
}
