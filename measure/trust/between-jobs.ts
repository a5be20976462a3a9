import type { Crossing } from './crossing.ts';

const BELIEVED = 'test/actions/believed-of-mlflow.test.ts';
const WORKFLOWS = 'test/contract/workflows.test.ts';

/** What reaches the jobs of the workflows, and what they hand on. */
export const BETWEEN_JOBS: readonly Crossing[] = [
  {
    ...{ from: 'github', to: 'judge' },
    what: 'the event, to plan alone: a comment, a push, a run by hand; reports of hosts as `repository_dispatch`',
    known:
      "the role of author and re-runner, which plan asks GitHub for; HMAC-SHA256 over a report, with its environment's secret",
    refused:
      'whoever may not; what is edited, stale, replayed, signed by another environment: the tables above',
    proofs: [
      { file: WORKFLOWS, title: 'lets only plan see the event' },
      {
        file: 'test/adapters/dispatch-signature.test.ts',
        title: 'nobody signs for an environment whose secret they do not hold',
      },
    ],
    carries: [],
  },
  {
    ...{ from: 'github', to: 'judge' },
    what: 'the default branch (policy, holdout, the command that fetches it), secrets of the repository, public keys',
    known:
      'the commit that plan resolved, by its SHA; the digest of the holdout, which judge computes and the ledger has fixed',
    refused: 'any commit of a pull request; another holdout than the fixed one: nothing passes',
    proofs: [
      { file: WORKFLOWS, title: 'runs the user’s commit only where it is trained' },
      {
        file: 'test/acceptance/weakened-judgement.test.ts',
        title: 'is judged on the default branch’s rows, target, answers and metric',
      },
    ],
    carries: [
      ...['checkout default-branch', 'checkout policy-sha'],
      ...['secrets.agent-token', 'secrets.dispatch-secret', 'secrets.signing-key', 'secrets.webhook'],
      ...['secrets.tracking-username', 'secrets.tracking-password', 'secrets.tracking-token'],
      ...['vars.MLFLOW_TRACKING_URI', 'vars.TRAINYARD_TRUSTED_KEYS'],
    ],
  },
  {
    ...{ from: 'github', to: 'user' },
    what: "the commit to train, in train alone; the default branch in the others; credentials of MLflow and of the search's storage",
    known: 'the SHA that plan resolved',
    refused: 'every other secret, a token that may write, the signing key: no such job has one',
    proofs: [
      {
        file: WORKFLOWS,
        title: 'gives the jobs that run the user’s code nothing but reading and the tracking credentials',
      },
      {
        file: 'test/adapters/python-isolation.test.ts',
        title: 'a program gets the variables of its list, and none beside it',
      },
    ],
    carries: [
      ...['checkout sha', 'checkout policy-sha', 'secrets.optuna-storage', 'vars.MLFLOW_TRACKING_URI'],
      ...['secrets.tracking-username', 'secrets.tracking-password', 'secrets.tracking-token'],
      ...['secrets.training-username', 'secrets.training-password', 'secrets.training-token'],
    ],
  },
  {
    ...{ from: 'judge', to: 'user' },
    what: 'what is to be done, as JSON: commit, parameters, box, the champion and the registered version with their model digests',
    known:
      'its schema; the digest of a model, which the runtime computes from the bytes before it loads them',
    refused:
      'a result of another version, or lost on the way (`invalid-plan`, `output-dropped`); other bytes, before they are loaded',
    proofs: [
      { file: 'test/actions/handoff.test.ts', title: 'so is any other output' },
      {
        file: 'test/runtime/test_package.py',
        title: 'test_bytes_that_changed_since_they_were_judged_are_not_even_loaded',
      },
    ],
    carries: [
      ...['plan.decision', 'plan.operation', 'plan.result', 'plan.sha', 'plan.policy-sha'],
      ...['plan.searchers', 'register.decision', 'register.result'],
    ],
  },
  {
    ...{ from: 'user', to: 'user' },
    what: 'the trained model, as JSON: run, address, digest; into the box: inputs through a pipe, variables of a list',
    known:
      'the digest of the model, which the job that predicts computes anew; answers of the box are data, with their length first',
    refused:
      'a model of other bytes; what is no answer; labels, workspace, network and variables of the job to a model',
    proofs: [
      { file: BELIEVED, title: 'the predict phase' },
      { file: 'test/runtime/test_wire.py', title: 'test_what_the_writer_can_not_have_written_is_refused' },
      { file: 'test/adapters/box.test.ts', title: 'reads the environment of no process of the job' },
    ],
    carries: ['train.decision', 'train.result'],
  },
  {
    ...{ from: 'user', to: 'judge' },
    what: "the job's word, as outputs: which model was trained, the digests of the predictions, in what box, the package's name",
    known:
      'digests of model, predictions and manifest, which judge, keep and deploy compute from the bytes; labels, which judge reads itself',
    refused:
      'other bytes; an answer missing, doubled or unknown; a box weaker than `box.require`; a package of another model',
    proofs: [
      { file: BELIEVED, title: 'judges no model whose bytes have changed since it was trained' },
      { file: 'test/actions/predictions.test.ts', title: 'whose bytes are others by now' },
      {
        file: 'test/actions/box-level.test.ts',
        title: 'where the default branch requires boxes, judge lets nothing pass',
      },
      {
        file: 'test/actions/package-of-other-model.test.ts',
        title: 'is refused when it is %s, before anything is on record or on a host',
      },
    ],
    carries: [
      ...['train.run-id', 'train.result', 'predict.decision', 'predict.predictions', 'predict.box'],
      ...['predict-champion.decision', 'predict-champion.predictions', 'predict-champion.box'],
      ...['build.decision', 'build.package'],
    ],
  },
  {
    ...{ from: 'user', to: 'judge' },
    what: 'what the answers of a model hang on, as the digest of a file, to be shown alone',
    known:
      'the digest, which judge computes from the bytes; what it says by nothing: it is no part of a verdict',
    refused: 'other bytes, and what can’t be read: then nothing is shown, and that is said',
    proofs: [
      {
        file: 'test/actions/gate-explanation.test.ts',
        title: 'is another one than the job vouches for, and is not shown',
      },
    ],
    carries: ['predict.explanation', 'predict-champion.explanation'],
  },
  {
    ...{ from: 'user', to: 'judge' },
    what: 'how such a job ended in its own words, to report alone: a reason code and a headline',
    known:
      'whether it succeeded, by GitHub; its words by nothing: they are shown, and lead to no event and no traffic',
    refused: 'texts that would do something: each is in quotes of its own, and made plain where it is shown',
    proofs: [
      {
        file: 'test/actions/report.test.ts',
        title: 'shows what a job says of itself as text, whatever it says',
      },
    ],
    carries: [
      ...['train.reason-code', 'train.headline', 'predict.reason-code', 'predict.headline'],
      ...['predict-champion.reason-code', 'predict-champion.headline'],
      ...['build.reason-code', 'build.headline'],
    ],
  },
  {
    ...{ from: 'judge', to: 'judge' },
    what: 'what the job before decided, as outputs; what each decided stands in the ledger',
    known: 'the ledger, read again by each: its signatures, and how far plan has seen it go',
    refused: 'a verdict, a version or a package that the ledger has otherwise, or not at all',
    proofs: [
      { file: BELIEVED, title: 'takes no other number for a version than the ledger has' },
      {
        file: 'test/adapters/git-ledger-lost.test.ts',
        title: 'is not taken for a new one by a later job of the run, until it is put back',
      },
    ],
    carries: [
      ...[
        'plan.decision',
        'plan.operation',
        'plan.result',
        'plan.policy-sha',
        'plan.environment',
        'plan.version',
      ],
      ...['judge.decision', 'register.version', 'keep.decision', 'keep.package'],
      ...['propose.reason-code', 'propose.headline'],
      ...['judge.reason-code', 'judge.headline', 'register.reason-code', 'register.headline'],
      ...['keep.reason-code', 'keep.headline', 'deploy.reason-code', 'deploy.headline'],
      ...['take-back.reason-code', 'take-back.headline'],
    ],
  },
];
