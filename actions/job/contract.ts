import { DETACH } from '../../core/deploy/attendance.ts';
import { DEFAULT_CONFIG_FILE } from '../../core/names.ts';

/** One input: how its text becomes a value. `fallback` is the default that action.yml states. */
type Input<T> = {
  readonly fallback: string;
  readonly secret: boolean;
  /** The value, or `undefined` when the text is none of the allowed ones, which `expects` words. */
  readonly parse: (text: string) => T | undefined;
  readonly expects: string;
};

/** What action.yml promises: the inputs it takes and the outputs it gives beside those of every action. */
export type Contract = {
  readonly name: string;
  readonly inputs: Readonly<Record<string, Input<unknown>>>;
  readonly outputs: readonly string[];
};

export type InputsOf<C extends Contract> = {
  readonly [K in keyof C['inputs']]: C['inputs'][K] extends Input<infer T> ? T : never;
};
export type OutputOf<C extends Contract> = C['outputs'][number];

/** Outputs of every action. */
export const COMMON_OUTPUTS = ['decision', 'reason-code', 'headline', 'result'] as const;

const config = text(DEFAULT_CONFIG_FILE);
const githubToken = secret(`\${{ github.token }}`);
const plan = text();
const python = text('python3');

/** The contract of each action; a test holds action.yml and the READMEs to it. */
export const CONTRACTS = {
  plan: {
    name: 'plan',
    inputs: { config, 'github-token': githubToken, 'dispatch-secret': secret() },
    outputs: [
      'operation',
      'sha',
      'policy-sha',
      'parameters',
      'environment',
      'correlation-id',
      'version',
      'pull-request',
      'dry-run',
      'searchers',
    ],
  },
  train: {
    name: 'train',
    inputs: { plan, config, python, searcher: text() },
    outputs: ['run-id', 'model-uri'],
  },
  propose: {
    name: 'propose',
    inputs: { plan, training: text(), config, 'github-token': githubToken },
    outputs: ['pull-request'],
  },
  'evaluate-gate': {
    name: 'evaluate-gate',
    inputs: {
      plan,
      training: text(),
      phase: choice(['both', 'predict', 'predict-champion', 'judge']),
      predictions: text(),
      config,
      python,
      'github-token': githubToken,
    },
    outputs: ['verdict', 'predictions', 'box', 'explanation'],
  },
  register: {
    name: 'register',
    inputs: { plan, 'run-id': text(), config, 'github-token': githubToken, 'signed-by': text() },
    outputs: ['version'],
  },
  'build-torchserve': {
    name: 'build-torchserve',
    inputs: { plan, registered: text(), config, python },
    outputs: ['package'],
  },
  'keep-package': {
    name: 'keep-package',
    inputs: { plan, package: text(), version: text(), config, 'github-token': githubToken },
    outputs: ['package'],
  },
  deploy: {
    name: 'deploy',
    inputs: {
      plan,
      package: text(),
      version: text(),
      config,
      'github-token': githubToken,
      detach: choice(DETACH),
    },
    outputs: ['outcome', 'serving-version'],
  },
  report: {
    name: 'report',
    inputs: { plan, jobs: text(), version: text(), 'github-token': githubToken },
    outputs: ['state'],
  },
  'monitor-check': {
    name: 'monitor-check',
    inputs: { config, environment: text(), 'github-token': githubToken, plan },
    outputs: ['action', 'page'],
  },
} as const satisfies Readonly<Record<string, Contract>>;
export type ActionName = keyof typeof CONTRACTS;

function text(fallback = ''): Input<string> {
  return { fallback, secret: false, parse: (value) => value, expects: 'a text' };
}

function secret(fallback = ''): Input<string> {
  return { fallback, secret: true, parse: (value) => value, expects: 'a text' };
}

/** One of `choices`; the first is the default. */
function choice<const C extends readonly [string, ...string[]]>(choices: C): Input<C[number]> {
  return {
    fallback: choices[0],
    secret: false,
    parse: (value) => choices.find((allowed) => allowed === value),
    expects: `one of ${choices.join(', ')}`,
  };
}
