import { ADOPT } from './adopt-model.ts';
import type { InitialSetup, JudgedTask } from './initial-setup.ts';
import { proposeMargin } from './propose-margin.ts';

/** What models are compared by where nothing else was said: a metric of rows or queries, and what bounds a first model. */
const RULES = {
  classification: { metric: 'accuracy', bound: 'floor' },
  regression: { metric: 'mae', bound: 'ceiling' },
  ranking: { metric: 'ndcg', bound: 'floor' },
  text: { metric: 'accuracy', bound: 'floor' },
} as const satisfies Readonly<Record<JudgedTask, { readonly metric: string; readonly bound: string }>>;

/** A trainyard.yml with a word on what each part is for. */
export function writeConfiguration(setup: InitialSetup): string {
  const { model, project, inputs, fetch, holdout, task, hosts, experiment, limit } = setup;
  const { bound } = RULES[task];
  const metric = setup.measure?.name ?? RULES[task].metric;
  const counted = countedOf(setup);
  const proposed = proposeMargin(task, counted.count);
  const first = limit === undefined ? '' : `${bound}: ${limit.value}, `;
  const steps = [
    ...(project.etl === undefined ? [] : [`etl: ${scalar(project.etl)}`]),
    `train: ${project.adopts === undefined ? scalar(project.train) : ADOPT.entryPoint}`,
  ];
  const parameters = Object.entries(project.parameters).map(
    ([name, value]) => `    ${name}: ${scalar(value)}`,
  );
  return [
    '# All keys: https://github.com/trainyard/trainyard/blob/main/docs/configuration.md',
    'version: 1',
    `model: ${scalar(model)} # its name in the MLflow registry`,
    'tracking:',
    '  # A variable of the repository, so that no address stands in here.',
    `  uri: "\${MLFLOW_TRACKING_URI}"`,
    ...(experiment === undefined ? [] : [`  experiment: ${scalar(experiment)}`]),
    'project:',
    `  uri: ${scalar(project.folder)} # the folder of MLproject`,
    ...(project.adopts === undefined
      ? []
      : [`  # adopt logs ${project.adopts.uri} as it is. Once that serves, train: ${scalar(project.train)}`]),
    `  steps: { ${steps.join(', ')} }`,
    '  # A script that writes checkpoints to the folder $TRAINYARD_CHECKPOINT_DIR, and begins from the newest there, outlives its runner:',
    '  # https://github.com/trainyard/trainyard/blob/main/docs/training.md',
    ...(parameters.length === 0
      ? []
      : ['  # Only these can be set in a comment: `/train name=value`.', '  parameters:', ...parameters]),
    'data:',
    ...(fetch === undefined ? [] : [`  fetch: ${fetch} # run before data are read, on both runners`]),
    `  inputs: [${inputs.map(scalar).join(', ')}] # hashed, so that a model says what it learned from`,
    '  holdout: # examples that no training sees: on them models are compared',
    ...holdoutOf(setup),
    ...answersOf(setup),
    'gate: # what a new model must show before it may serve',
    limit === undefined
      ? `  # Nothing says how good a first model must be, so that none passes: add a \`${bound}:\`.`
      : `  # A first model has nothing to be compared with: ${limit.from}.`,
    ...aboutMargin(proposed, counted, holdout),
    `  - { metric: ${metric}, ${first}require: non-inferior, margin: ${proposed.margin} }`,
    ...environmentsOf(hosts),
    '',
  ].join('\n');
}

function holdoutOf({ holdout, task, measure }: InitialSetup): readonly string[] {
  const { path, target, id, group, time } = holdout;
  const shared = task === 'ranking' ? 'whose rows are ranked' : 'its rows are drawn together';
  return [
    `    path: ${scalar(path)}`,
    `    target: ${scalar(target)} # the truth; no model is given it`,
    ...(id === undefined ? [] : [`    id: ${scalar(id)} # names each example`]),
    ...(group === undefined ? [] : [`    group: ${scalar(group)} # ${shared}`]),
    ...(time === undefined ? [] : [`    time: ${scalar(time)} # tells how much usual days differ`]),
    ...(measure === undefined
      ? []
      : [
          `    metrics: { ${scalar(measure.name)}: ${scalar(measure.place)} } # a number for each row; more is better`,
        ]),
  ];
}

/** What a metric is the mean over, and how many of them there are. */
function countedOf({ task, holdout }: InitialSetup): { readonly count: number; readonly what: string } {
  const { rows, groups } = holdout;
  return task === 'ranking' && groups !== undefined
    ? { count: groups, what: 'queries' }
    : { count: rows, what: 'examples' };
}

/** What the margin means, and what it has to do with how many examples there are. */
function aboutMargin(
  { margin, takes, usual }: ReturnType<typeof proposeMargin>,
  { count, what }: ReturnType<typeof countedOf>,
  { time }: InitialSetup['holdout'],
): readonly string[] {
  const settles =
    takes <= count ? 'can settle that' : `are too few even for that, which takes about ${takes}`;
  const smaller = usual === undefined ? '' : `; ${usual.margin} would take about ${usual.takes}`;
  return [
    `  # So much worse still counts as not worse: ${margin}. The ${count} ${what} of the holdout ${settles}${smaller}.`,
    ...(time === undefined ? [] : ['  # Where examples of one day are alike, it takes more.']),
  ];
}

function environmentsOf(hosts: InitialSetup['hosts']): readonly string[] {
  if (hosts.length === 0)
    return [
      '# environments: # without hosts, models are judged and registered, and nothing is rolled out',
      '#   production: { hosts: ["https://serve-1:9443"] }',
    ];
  return [
    'environments:',
    '  production:',
    `    hosts: [${hosts.map(scalar).join(', ')}]`,
    '    rollout: { stages: [1, 10, 50, 100] } # percent of the traffic, stage by stage',
  ];
}

function answersOf({ answers }: InitialSetup): readonly string[] {
  if (answers === undefined) return [];
  return [`answers: { task: ${answers.task} } # ${answers.from}`];
}

/** A value as YAML reads it back: quoted where a plain word would be read as something else. */
function scalar(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  const isPlain =
    /^[A-Za-z_./](?:[\w./-]|:(?=\w))*$/.test(value) &&
    !/^(?:true|false|null|yes|no|on|off|\.+)$/i.test(value);
  return isPlain || value === '.' ? value : JSON.stringify(value);
}
