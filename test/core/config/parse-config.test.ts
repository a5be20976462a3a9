import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../core/config/parse-config.ts';
import { ENV, MINIMAL, parse, placesOf, problemsOf } from './read-text.ts';

/** `line:column code` of each problem, in the order they are reported. */
describe('a configuration', () => {
  it('needs a model and a gate, and has a default for everything else', () => {
    const config = parse(MINIMAL);
    expect(config.tracking).toEqual({ uri: 'http://mlflow:5000', experiment: 'mnist' });
    expect(config.project).toEqual({
      uri: '.',
      environment: 'local',
      steps: { train: 'main' },
      parameters: {},
      timeoutSeconds: 21_600,
    });
    expect(config.commands).toEqual({ allow: ['write', 'maintain', 'admin'], users: [], forks: false });
    expect(config.monitor.retrain.atMost).toEqual({ count: 3, perSeconds: 604_800 });
    expect(config.environments).toEqual({});
  });

  it('reads times, sizes, shares and rates in their units', () => {
    const config = parse(`${MINIMAL}  - { metric: latency-p95, at-most: 50ms }
  - { metric: size, at-most: 1.5MiB }
project: { timeout: 90m }
serving: { max-batch-delay: 5ms, response-timeout: 30s }
environments:
  production:
    hosts: ["https://a:1"]
    rollout: { max-error-rate: 1%, latency-margin: 0.2, stage-min: 2m, min-requests: 500 }
monitor: { staleness: 4w, retrain: { at-most: 1/12h } }
`);
    expect(config.project.timeoutSeconds).toBe(5_400);
    expect(config.gate.slice(1)).toEqual([
      { kind: 'latency', quantile: 0.95, atMostMs: 50 },
      { kind: 'size', atMostBytes: 1_572_864 },
    ]);
    expect(config.serving.settings).toMatchObject({ maxBatchDelayMs: 5, responseTimeoutSeconds: 30 });
    expect(config.environments['production']?.rollout).toEqual({
      stages: [1, 10, 50, 100],
      alpha: 0.01,
      alarmAlpha: 0.005,
      stageMinSeconds: 120,
      minRequests: 500,
      deadlineSeconds: 21_600,
      onNoData: 'rollback',
      slo: { maxErrorRate: 0.01 },
      latencyMargin: 0.2,
      tolerance: 1,
    });
    expect(config.monitor.stalenessSeconds).toBe(28 * 86_400);
    expect(config.monitor.retrain.atMost).toEqual({ count: 1, perSeconds: 43_200 });
  });

  it('makes every rule of a gate entry that says several things', () => {
    const config = parse(`version: 1
model: mnist
data: { holdout: { path: h.npz, slices: [writer] } }
gate:
  - { metric: accuracy, floor: 0.9, require: superior, min-improvement: 0.01, slices: [digit, writer], slice-margin: 2pp, slice-policy: must-hold }
  - { metric: mae, margin: 1% }
  - { metric: equalized-odds, group: sex, at-most: 0.2 }
  - { mlflow: accuracy_score, min-relative-change: 0.01, greater-is-better: true }
  - { metric: signature }
`);
    expect(config.gate).toEqual([
      { kind: 'floor', metric: 'accuracy', floor: 0.9 },
      { kind: 'compare', metric: 'accuracy', require: 'superior', margin: 0.005, minImprovement: 0.01 },
      { kind: 'slices', metric: 'accuracy', column: 'digit', policy: 'must-hold', margin: 0.02 },
      { kind: 'slices', metric: 'accuracy', column: 'writer', policy: 'must-hold', margin: 0.02 },
      { kind: 'compare', metric: 'mae', require: 'non-inferior', margin: { relative: 0.01 } },
      { kind: 'fairness', metric: 'equalized-odds', column: 'sex', limit: 0.2 },
      { kind: 'mlflow', metric: 'accuracy_score', greaterIsBetter: true, minRelativeChange: 0.01 },
      { kind: 'signature' },
    ]);
    expect(config.data.holdout?.slices).toEqual(['writer', 'digit', 'sex']);
  });

  it("reads the direction of MLflow's thresholds from a metric that is known, and asks for it of any other", () => {
    const entry = (text: string) => `version: 1
model: m
data: { holdout: { path: h.csv } }
gate: [{ ${text} }]
`;
    expect(parse(entry('mlflow: log_loss, threshold: 0.5')).gate).toEqual([
      { kind: 'mlflow', metric: 'log_loss', greaterIsBetter: false, threshold: 0.5 },
    ]);
    expect(parse(entry('mlflow: f1_score, threshold: 0.5')).gate).toMatchObject([{ greaterIsBetter: true }]);
    expect(() => parse(entry('mlflow: revenue, threshold: 0.5'))).toThrow(/which way is better for revenue/);
    expect(parse(entry('mlflow: revenue, threshold: 0.5, greater-is-better: true')).gate).toMatchObject([
      { greaterIsBetter: true },
    ]);
  });

  it('hands on what an entry says of its metric, and refuses what belongs to another or is missing', () => {
    const entry = (text: string) => `version: 1
model: m
data: { holdout: { path: h.csv } }
gate: [{ ${text} }]
`;
    expect(parse(entry('metric: recall, class: fraud, floor: 0.9')).gate).toEqual([
      { kind: 'floor', metric: 'recall', floor: 0.9, detail: { class: 'fraud' } },
    ]);
    const costs = { fraud: { legit: 100 }, legit: { fraud: 1 } };
    const money = parse(
      entry(`metric: expected-cost, costs: ${JSON.stringify(costs)}, margin: 0.5, anchor-margin: 2%`),
    );
    expect(money.gate).toMatchObject([
      { kind: 'compare', margin: 0.5, anchorMargin: { relative: 0.02 }, detail: { costs } },
    ]);
    expect(parse(entry('metric: pinball, quantile: 0.9')).gate).toMatchObject([
      { kind: 'compare', detail: { quantile: 0.9 } },
    ]);
    expect(() => parse(entry('metric: accuracy, class: fraud'))).toThrow(
      /`class` does not go with `accuracy`/,
    );
    expect(() => parse(entry('metric: expected-cost'))).toThrow(/`expected-cost` needs `costs`/);
    expect(() => parse(entry('metric: pinball'))).toThrow(/`pinball` needs `quantile`/);
    expect(() => parse(entry('metric: mean-pinball-loss, quantile: 0.9'))).toThrow(
      /`quantile` does not go with `mean-pinball-loss`\. It goes with `pinball`/,
    );
  });

  it('takes a bare metric as a comparison with the usual margin of its kind', () => {
    const config = parse(`version: 1
model: m
data: { holdout: { path: h.csv } }
gate: [{ metric: roc-auc }, { metric: log-loss }]
`);
    expect(config.gate).toEqual([
      { kind: 'compare', metric: 'roc-auc', require: 'non-inferior', margin: 0.005 },
      { kind: 'compare', metric: 'log-loss', require: 'non-inferior', margin: { relative: 0.01 } },
    ]);
  });
});

describe('problems of a configuration', () => {
  it('come all at once, in the order of the file, each where it stands', () => {
    const text = `version: 1
modle: mnist
project:
  environment: dcker
  timeout: 6 hours
gate:
  - { metric: accuracy, flor: 0.90 }
  - { metric: latency-p95, at-most: 50 }
serving: { workers: two }
environments:
  production: { hosts: ["serve-1"], rollout: { stages: [1, 50, 10], alpha: 2 } }
monitor: { retrain: { at-most: often } }
`;
    expect(placesOf(text)).toEqual([
      '1:1 missing-key',
      '2:1 unknown-key',
      '4:16 wrong-choice',
      '5:12 invalid-value',
      '7:25 unknown-key',
      '8:37 gate-rule',
      '9:21 wrong-type',
      '11:25 invalid-value',
      '11:56 stages-order',
      '11:76 out-of-range',
      '12:32 invalid-value',
    ]);
  });

  it.each([
    ['modle: mnist', 'Did you mean `model`?'],
    ['project: { enviroment: local }', 'Did you mean `environment`?'],
    ['project: { environment: dockr }', 'Did you mean `docker`?'],
    ['serving: { batch_size: 2 }', 'Did you mean `batch-size`?'],
    ['commands: { allow: [mantain] }', 'Did you mean `maintain`?'],
  ])('suggests what was meant by `%s`', (line, suggestion) => {
    const remedies = problemsOf(`${MINIMAL}${line}\n`).map(({ remedy }) => remedy);
    expect(remedies.join('\n')).toContain(suggestion);
  });

  it.each([
    ['{ metric: accuracy, require: superior, margin: 0.01 }', /margin says how much worse/],
    ['{ metric: accuracy, min-improvement: 0.01 }', /asks for a better model/],
    ['{ metric: accuracy, floor: 0.9, ceiling: 0.5 }', /nothing can pass/],
    ['{ metric: accuracy, slice-margin: 0.01 }', /needs slices/],
    ['{ metric: latency-p95 }', /has no limit/],
    ['{ metric: latency-p90, at-most: 5ms }', /no metric `latency-p90`/],
    ['{ metric: latency-p95, floor: 1 }', /`floor` does not go with `latency-p95`/],
    ['{ metric: size, at-most: big }', /size needs a limit/],
    ['{ metric: demographic-parity }', /compares groups/],
    ['{ mlflow: accuracy }', /has no condition/],
    ['{ mlflow: accuracy, metric: accuracy, threshold: 1 }', /either `metric` or `mlflow`/],
    ['{ floor: 1 }', /names no metric/],
  ])('refuse the gate rule %s', (entry, message) => {
    const problems = problemsOf(
      `version: 1\nmodel: m\ndata: { holdout: { path: h } }\ngate:\n  - ${entry}\n`,
    );
    expect(problems.map((problem) => problem.message).join('\n')).toMatch(message);
    expect(problems.every(({ where }) => where?.kind === 'file' && where.line === 5)).toBe(true);
  });

  it('tell of unknown metrics beside unknown keys, each where it stands and with what was meant', () => {
    const text = `version: 1
model: m
trakcing: {}
data: { holdout: { path: h } }
gate:
  - { metric: acuracy, flor: 0.9 }
  - { metric: F1_scor, require: superior }
  - { metric: val_accuracy, slices: region }
  - { mlflow: precsion_score, threshold: 1 }
`;
    const problems = problemsOf(text);
    expect(placesOf(text)).toEqual([
      '3:1 unknown-key',
      '6:15 unknown-metric',
      '6:24 unknown-key',
      '7:15 unknown-metric',
      '8:15 unknown-metric',
      '9:15 unknown-metric',
      '9:15 gate-rule',
    ]);
    const said = problems.filter(({ code }) => code === 'unknown-metric').map(({ remedy }) => remedy);
    expect(said[0]).toBe('Did you mean `accuracy`?');
    expect(said[1]).toMatch(/^Did you mean `f1`\? A metric of your own/);
    expect(said[1]).toMatch(/Computed here: accuracy, .*mae, .*\.$/);
    expect(said[3]).toBe('Did you mean `precision`?');
  });

  it('know the metrics of the file’s own, and refuse to call one by a name that is taken', () => {
    const file = (metrics: string, metric: string) =>
      `version: 1\nmodel: m\ndata: { holdout: { path: h, metrics: ${metrics} } }\ngate:\n  - { metric: ${metric}, require: superior }\n`;
    expect(placesOf(file('{ profit: metrics.py:profit }', 'profit'))).toEqual([]);
    expect(problemsOf(file('{ profit: metrics.py:profit }', 'proft'))[0]?.remedy).toMatch(
      /^Did you mean `profit`\?/,
    );
    expect(placesOf(file('{ Accuracy_Score: metrics.py:accuracy }', 'accuracy'))).toEqual([
      '3:56 metric-name-taken',
    ]);
    expect(placesOf(file('{ profit: metrics.profit }', 'profit'))).toEqual(['3:48 invalid-value']);
  });

  it.each([
    '{ metric: val_accuracy, floor: 0.9 }',
    '{ metric: f2, floor: 0.9 }',
    '{ metric: recall5, floor: 0.9 }',
    '{ metric: rmsle, ceiling: 0.3 }',
    '{ mlflow: my_loss, threshold: 1, greater-is-better: false }',
    '{ metric: ROC_AUC_score }',
    '{ metric: constructor, floor: 0 }',
  ])('are not seen in %s: the run may log it', (entry) => {
    const text = `version: 1\nmodel: m\ndata: { holdout: { path: h } }\ngate:\n  - ${entry}\n`;
    expect(parseConfig(text, { file: 'trainyard.yml', env: { MLFLOW_TRACKING_URI: 'http://m' } }).ok).toBe(
      true,
    );
  });

  it('give no model the label, nor nothing at all', () => {
    const file = (inputs: string) =>
      `version: 1\nmodel: m\ndata: { holdout: { path: h, target: y, inputs: ${inputs} } }\ngate: [{ metric: accuracy, floor: 0 }]\n`;
    expect(placesOf(file('[x, y]'))).toEqual(['3:48 label-is-an-input']);
    expect(placesOf(file('y'))).toEqual(['3:48 label-is-an-input']);
    expect(placesOf(file('[]'))).toEqual(['3:48 no-inputs']);
    expect(
      parseConfig(file('[x, id]'), { file: 'trainyard.yml', env: { MLFLOW_TRACKING_URI: 'http://m' } }),
    ).toMatchObject({
      value: { data: { holdout: { inputs: ['x', 'id'] } } },
    });
  });

  it('ask for a holdout when a rule compares models on examples', () => {
    expect(placesOf('version: 1\nmodel: m\ngate:\n  - { metric: accuracy, require: superior }\n')).toEqual([
      '4:5 missing-holdout',
    ]);
  });

  it.each([
    ['stages: [1, 10, 50]', 'stages-end', 'Write `stages: [1, 10, 50, 100]`.'],
    ['stages: [50, 10, 100]', 'stages-order', 'Write `stages: [10, 50, 100]`.'],
    ['deadline: 1m', 'deadline-too-short', 'Raise `deadline`'],
    ['max-unavailable: 1', 'max-unavailable-too-large', 'below 1'],
    ['max-unavailable: 100%', 'max-unavailable-too-large', 'below 1'],
  ])('show how to mend a rollout with %s', (line, code, remedy) => {
    const [problem] = problemsOf(
      `${MINIMAL}environments: { p: { hosts: ["https://a:1"], rollout: { ${line} } } }\n`,
    );
    expect(problem?.code).toBe(code);
    expect(problem?.remedy).toContain(remedy);
  });

  it('name the search parameter that the project does not have', () => {
    const [problem] = problemsOf(
      `${MINIMAL}project: { parameters: { epochs: 3, lr: 0.1 } }\nsearch: { metric: acc, space: { epoch: { int: [1, 5] } } }\n`,
    );
    expect(problem).toMatchObject({ code: 'unknown-parameter', remedy: expect.stringContaining('`epochs`') });
  });

  it.each([
    ['', 'empty-file'],
    ['# nothing\n', 'empty-file'],
    ['model: [', 'yaml-syntax'],
    ['a: 1\na: 2\n', 'yaml-syntax'],
    ['- 1\n', 'wrong-type'],
    ['just text\n', 'wrong-type'],
    [
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]\n`,
      'yaml-syntax',
    ],
    ['a: *nowhere\n', 'yaml-syntax'],
  ])('tell what is wrong with the file %j', (text, code) => {
    expect(problemsOf(text).map((problem) => problem.code)).toContain(code);
  });

  it('tell the first slip of the pen alone, and to quote a variable between braces', () => {
    const text = `${MINIMAL}data: { holdout: { path: \${DATA}/x.csv, target: y, id: id } }\nmonitor: { every: 1h }\n`;
    const problems = problemsOf(text);
    expect(problems.map(({ code }) => code)).toEqual(['yaml-syntax']);
    expect(problems[0]?.where).toMatchObject({ line: 5 });
    expect(problems[0]?.remedy).toBe(`Put quotes around what holds a variable: \`"\${DATA}/x.csv"\`.`);
    expect(problemsOf('a: [1\nb: 2\n')[0]?.remedy).toMatch(/^Check the indentation/);
  });

  it('refuse secrets written into the file, at their place', () => {
    const text = `${MINIMAL}tracking: { uri: "https://ada:hunter2@mlflow" }\nproject: { parameters: { key: ghp_${'a'.repeat(36)} } }\n`;
    expect(placesOf(text)).toEqual(['5:18 secret-in-file', '6:31 secret-in-file']);
    expect(JSON.stringify(problemsOf(text))).not.toContain('hunter2');
  });

  it('ask where MLflow is when nothing says so', () => {
    expect(problemsOf(MINIMAL, {}).map(({ code }) => code)).toEqual(['missing-tracking']);
    expect(problemsOf(MINIMAL, {}, { needs: ['commands'] })).toEqual([]);
  });
});

describe('variables in a configuration', () => {
  const withStorage = `${MINIMAL}project: { parameters: { lr: 0.1 } }
search: { metric: acc, storage: "\${STORE}", space: { lr: { uniform: [0, 1] } } }
`;

  it('are filled in from the environment the caller gives', () => {
    expect(parse(withStorage, { ...ENV, STORE: 'postgresql://db/optuna' }).search?.storage).toBe(
      'postgresql://db/optuna',
    );
  });

  it('are a problem at their place when they have no value, an empty one included', () => {
    expect(placesOf(withStorage)).toEqual(['6:33 missing-variable']);
    expect(placesOf(withStorage, { ...ENV, STORE: '' })).toEqual(['6:33 missing-variable']);
  });

  it('stay as written in sections the job has no use for', () => {
    const config = parse(withStorage, ENV, { needs: ['tracking', 'environments'] });
    expect(config.search?.storage).toBe('$' + '{STORE}');
  });

  it('can have a default, be escaped, and give numbers', () => {
    const text = `${MINIMAL}project: { parameters: { a: "x\${A:-y}", b: "$\${B}" } }
serving:
  workers: \${WORKERS}
`;
    const config = parse(text, { ...ENV, WORKERS: '4' });
    expect(config.project.parameters).toEqual({ a: 'xy', b: '$' + '{B}' });
    expect(config.serving.settings.workers).toBe(4);
  });

  it('can not reach anything but the given variables', () => {
    expect(placesOf(`${MINIMAL}project: { uri: "\${toString}" }\n`)).toEqual(['5:17 missing-variable']);
  });

  it('may name the hosts', () => {
    const text = `${MINIMAL}environments: { p: { hosts: ["\${HOST}"] } }\n`;
    expect(parse(text, { ...ENV, HOST: 'http://127.0.0.1:9443' }).environments['p']?.hosts).toEqual([
      'http://127.0.0.1:9443',
    ]);
  });
});
