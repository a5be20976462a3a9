import { didYouMean } from '../did-you-mean.ts';
import { isMetric } from '../gate/metrics/metrics.ts';
import type { GateRule } from '../gate/rules/rule.ts';
import type { CrossProblem } from './cross-problem.ts';
import { SPECIAL_METRICS } from './gate/special-metrics.ts';
import { hostAddress } from './host-address.ts';
import { isCloned } from './mlproject/mlproject.ts';
import type { RawConfig } from './schema/schema.ts';

/** Rules on the predictions of both models on the same examples. */
const NEED_HOLDOUT: readonly GateRule['kind'][] = ['compare', 'slices', 'fairness'];

type CrossCheck = {
  /** What it is about, as `whenRight` takes it: it is made where nothing is wrong with that. */
  readonly reads: readonly string[];
  /** `isRight` says whether nothing is wrong with a place, for what looks at places one by one. */
  readonly find: (raw: RawConfig, isRight: (read: string) => boolean) => readonly CrossProblem[];
};

/** What can be wrong between the sections of a file. */
export const CROSS_CHECKS: readonly CrossCheck[] = [
  { reads: ['data.holdout'], find: checkHoldout },
  { reads: ['data.holdout.inputs', 'data.holdout.target'], find: checkInputs },
  { reads: ['data.holdout.metrics'], find: checkOwnMetrics },
  { reads: ['answers.task', 'data.holdout.group'], find: checkQueries },
  { reads: ['search.space', 'search.parameters', 'project.parameters'], find: checkSpace },
  { reads: ['search.runners', 'search.storage'], find: checkRunners },
  { reads: ['project.uri', 'project.version'], find: checkVersion },
  { reads: ['project.remote'], find: checkRemote },
  { reads: ['environments.*.hosts'], find: checkSharedHosts },
];

/** The steps of one project run in one place; the trials of a search on the runner alone, where they share its GPUs. */
function checkRemote({ project: { remote }, search }: RawConfig): readonly CrossProblem[] {
  if (remote === undefined) return [];
  const path = ['project', 'remote'];
  if ((remote.slurm === undefined) === (remote.ray === undefined)) {
    const message = '`remote` names no engine, or more than one.';
    const remedy = 'Write `remote: { slurm: { … } }` or `remote: { ray: { address: … } }`.';
    return [{ code: 'remote-not-one', path, message, remedy }];
  }
  if (search === undefined) return [];
  const message = 'The trials of a search run on the gpu-runner, and never at a remote engine.';
  const remedy = 'Leave out `search` or `project.remote`.';
  return [{ code: 'search-not-remote', path, message, remedy }];
}

/** What several runners share lies with none of them. */
function checkRunners({ search }: RawConfig): readonly CrossProblem[] {
  if (search === undefined || search.runners === 1 || search.storage !== undefined) return [];
  const message = `${search.runners} runners would search, and no storage is named that they share.`;
  const remedy = `Add \`storage: "\${OPTUNA_STORAGE}"\` to \`search\`, or leave \`runners\` out.`;
  return [{ code: 'search-not-shared', path: ['search', 'runners'], message, remedy }];
}

/** A project beside the file is of the commit that is trained, whatever else is asked for. */
function checkVersion({ project: { uri, version } }: RawConfig): readonly CrossProblem[] {
  if (version === undefined || isCloned(uri)) return [];
  return [
    {
      code: 'version-of-a-folder',
      path: ['project', 'version'],
      message: `\`project.uri\`, ${uri}, is no address that git clones: it is trained as it lies there, and has no other version.`,
      remedy:
        'Leave `version` out, or name the repository that it is a version of in `project.uri`, by https, ssh or git.',
    },
  ];
}

/** A model that is given the label is judged by nothing; one that is given nothing answers nothing. */
function checkInputs({ data }: RawConfig): readonly CrossProblem[] {
  const { inputs, target } = data.holdout ?? {};
  if (inputs === undefined || target === undefined) return [];
  const path = ['data', 'holdout', 'inputs'];
  if (inputs.length === 0) {
    const message = 'No model could be asked: the list of inputs is empty.';
    return [{ code: 'no-inputs', path, message, remedy: 'List what models may be given, or leave it out.' }];
  }
  if (!inputs.includes(target)) return [];
  const message = `\`${target}\` is the label, and no model may be given it.`;
  return [{ code: 'label-is-an-input', path, message, remedy: 'Take it out of the list.' }];
}

/** Scores of rows say nothing but beside those of the same query. */
function checkQueries({ answers, data }: RawConfig): readonly CrossProblem[] {
  if (answers?.task !== 'ranking' || data.holdout === undefined || data.holdout.group !== undefined)
    return [];
  const message = 'Rows are ranked within their query, and nothing says which rows are of one.';
  const remedy = 'Add `group: <column of the query>` to `data.holdout`.';
  return [{ code: 'ranking-without-queries', path: ['data', 'holdout'], message, remedy }];
}

/** A metric of the user's own under a name of ours would never be judged. */
function checkOwnMetrics({ data }: RawConfig): readonly CrossProblem[] {
  return Object.keys(data.holdout?.metrics ?? {})
    .filter((name) => isMetric(name) || SPECIAL_METRICS.includes(name))
    .map((name) => ({
      code: 'metric-name-taken',
      path: ['data', 'holdout', 'metrics', name],
      message: `\`${name}\` is a metric that Trainyard computes itself.`,
      remedy: 'Give your own another name, here and in the gate, or leave it out.',
    }));
}

function checkHoldout(
  { gate, data }: RawConfig,
  isRight: (read: string) => boolean,
): readonly CrossProblem[] {
  if (data.holdout !== undefined) return [];
  // An entry that is wrong is no list of rules.
  return [gate].flat().flatMap((rules, index) => {
    if (!isRight(`gate.${index}`) || !rules.some(({ kind }) => NEED_HOLDOUT.includes(kind))) return [];
    return [
      {
        code: 'missing-holdout',
        path: ['gate', index],
        message:
          'This rule looks at the predictions of two models on the same examples, and the file names none.',
        remedy: 'Add `data: { holdout: { path: data/holdout.parquet, target: label } }`.',
      },
    ];
  });
}

function checkSpace({ search, project }: RawConfig): readonly CrossProblem[] {
  if (search === undefined) return [];
  const known = Object.keys(project.parameters);
  const both = Object.keys(search.parameters).filter((name) => name in search.space);
  return [
    ...findUnknown(search.space, known, 'space'),
    ...findUnknown(search.parameters, known, 'parameters'),
    ...both.map((name) => ({
      code: 'searched-and-set',
      path: ['search', 'parameters', name],
      message: `\`${name}\` is searched over, and has a value while it is.`,
      remedy: 'Take it out of `search.parameters` or out of `search.space`.',
    })),
  ];
}

function findUnknown(
  named: Readonly<Record<string, unknown>>,
  known: readonly string[],
  section: 'space' | 'parameters',
): readonly CrossProblem[] {
  const what = section === 'space' ? 'is searched over' : 'has a value for the search';
  return Object.keys(named)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const nearest = didYouMean(name, known);
      const add = `Add it there with its usual value.`;
      return {
        code: 'unknown-parameter',
        path: ['search', section, name],
        message: `\`${name}\` ${what}, and \`project.parameters\` does not have it.`,
        remedy: nearest === undefined ? add : `Did you mean \`${nearest}\`? Or: ${add.toLowerCase()}`,
      };
    });
}

/** A host has one traffic per model: what one environment promotes would serve in the other, and each would set it back. */
function checkSharedHosts({ environments }: Pick<RawConfig, 'environments'>): readonly CrossProblem[] {
  const owners = new Map<string, string>();
  return Object.entries(environments).flatMap(([name, { hosts }]) =>
    hosts.flatMap(({ url: host }, index) => {
      const owner = owners.get(hostAddress(host)) ?? name;
      owners.set(hostAddress(host), owner);
      if (owner === name) return [];
      return [
        {
          code: 'shared-host',
          path: ['environments', name, 'hosts', index],
          message: `The host ${host} stands in ${owner} too, and can serve this model in one environment only.`,
          remedy: 'Start a second agent on that machine, with its own ports, or remove the host here.',
        },
      ];
    }),
  );
}
