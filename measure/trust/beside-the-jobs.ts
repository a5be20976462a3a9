import type { Crossing } from './crossing.ts';

const BELIEVED = 'test/actions/believed-of-mlflow.test.ts';
const LEDGER = 'test/attack/ledger/forged-lines.test.ts';

/** What goes by no output of a job: through MLflow, the ledger, hosts and their clients. */
export const BESIDE_THE_JOBS: readonly Crossing[] = [
  {
    ...{ from: 'user', to: 'mlflow' },
    what: 'runs, metrics, models, predictions, packages: files and tags',
    known: 'nothing: MLflow decides nothing',
    refused: 'nothing; with `training-token`, what lies outside its experiment, by the server',
    proofs: [
      {
        file: 'test/acceptance/mlflow-writer.test.ts',
        title: 'gets no run of theirs taken for the training and no package for the built one',
      },
    ],
    carries: [],
  },
  {
    ...{ from: 'mlflow', to: 'user' },
    what: 'the bytes of a model to predict with or to pack; runs of an earlier attempt',
    known:
      'the digest, computed from the bytes; the seal of an earlier attempt, HMAC-SHA256 with the nonce of the plan',
    refused: 'other bytes; a run that no attempt of this job has sealed for this commit',
    proofs: [
      {
        file: 'test/actions/find-earlier.test.ts',
        title: 'is not believed when it was sealed with another nonce than plan has handed on',
      },
      {
        file: 'test/runtime/test_package.py',
        title: 'test_bytes_that_changed_since_they_were_judged_are_not_even_loaded',
      },
    ],
    carries: [],
  },
  {
    ...{ from: 'mlflow', to: 'judge' },
    what: 'bytes of models, predictions and packages; metrics, where a rule takes the word of the run',
    known:
      'SHA-256, computed from the bytes, against what the jobs said and the ledger has; metrics by nothing, and the report says so',
    refused: 'other bytes; a tag: none is read',
    proofs: [
      { file: BELIEVED, title: 'registers no bytes that have changed since they were judged' },
      {
        file: 'test/actions/logged-metrics.test.ts',
        title:
          'what a rule took from the run of the challenger is fixed with the verdict, and marked in the report',
      },
    ],
    carries: [],
  },
  {
    ...{ from: 'judge', to: 'mlflow' },
    what: 'evidence, versions, aliases and tags that show what the ledger says',
    known: 'nothing: they are shown, and repaired by the ledger',
    refused: 'nothing',
    proofs: [
      {
        file: 'test/actions/registry-follows.test.ts',
        title: 'in its aliases and in its tags, and says which alias had strayed',
      },
    ],
    carries: [],
  },
  {
    ...{ from: 'judge', to: 'ledger' },
    what: 'events, a JSON line each, with the hash of the line before and a signature (Ed25519)',
    known: 'git takes fast-forwards alone; the rest is looked at by readers',
    refused: 'a line decided on a state that has moved on, or behind a forged one',
    proofs: [{ file: LEDGER, title: 'is refused before anything is written behind it' }],
    carries: [],
  },
  {
    ...{ from: 'ledger', to: 'judge' },
    what: 'the history, with all parents',
    known:
      'the hash of every line and its signature, computed and verified by each job; the heads that hosts and plan remember',
    refused: 'what is forged, rewritten, cut off or merged: the table above',
    proofs: [
      { file: LEDGER, title: 'is named when it is signed by a key of its own' },
      {
        file: 'test/attack/ledger/rewritten-history.test.ts',
        title: 'is named where lines were cut off its end',
      },
    ],
    carries: [],
  },
  {
    ...{ from: 'judge', to: 'hosts' },
    what: 'packages, a signed statement (DSSE) for one environment, orders of traffic, how far the ledger went',
    known:
      "a token's role, by its hash; SHA-256 of manifest and files, computed by the agent; the statement, by `--trusted-keys`, `--environment` and the highest that was obeyed; the handler, byte for byte",
    refused:
      'another digest, another version, an unsigned or foreign statement, one of another environment, one that is older than what was obeyed, a handler of others, a body over its bound',
    proofs: [
      { file: 'test/agent/check-provenance.test.ts', title: 'serves what that key says passed the gate' },
      {
        file: 'test/agent/replayed-order.test.ts',
        title: 'starts no version again after a later one was obeyed',
      },
      { file: 'test/agent/instances.test.ts', title: 'refuses a package whose file changed on disk' },
      {
        file: 'test/agent/api.test.ts',
        title: 'goes by role: a reader changes nothing, a labeler sends labels',
      },
    ],
    carries: [],
  },
  {
    ...{ from: 'hosts', to: 'judge' },
    what: 'counts, windows, labels by day and bin, heads of the ledger, as JSON over TLS or loopback',
    known: "the host's certificate and the schema of each answer; a head by the ledger itself",
    refused: 'what is no answer of an agent; a host out of reach is never taken for a quiet one',
    proofs: [
      { file: 'test/adapters/agent-client.test.ts', title: 'says that something else answers there' },
      {
        file: 'test/actions/link-ledger.test.ts',
        title: 'stop a job that finds a ledger without what they remember, before it writes',
      },
    ],
    carries: [],
  },
  {
    ...{ from: 'hosts', to: 'github' },
    what: 'reports (`repository_dispatch`): retrain, brake, stage, heartbeat, drift',
    known: 'GitHub knows the token; plan the signature, over model, environment, time and content',
    refused: 'by plan: the table of reports above',
    proofs: [
      { file: 'test/adapters/dispatch-signature.test.ts', title: 'the environment is signed with the rest' },
    ],
    carries: [],
  },
  {
    ...{ from: 'judge', to: 'github' },
    what: 'comments, issues, summaries, deployments; a retrain, signed',
    known: 'the token of the job; a comment or an issue as ours by its author',
    refused: 'texts of others that would do something: they are made plain first',
    proofs: [
      { file: 'test/core/report/plain-text.test.ts', title: 'shows %j and lets it do nothing' },
      { file: 'test/sandbox/people.test.ts', title: 'writes its report into a comment of its own' },
    ],
    carries: [],
  },
  {
    ...{ from: 'clients', to: 'hosts' },
    what: 'requests for predictions; late labels, with a token that may send them',
    known: "nothing of a prediction's client; a labeler by its token",
    refused:
      'a body over the limit, what the signature of the model does not take; a pinned request is no evidence',
    proofs: [
      {
        file: 'test/agent/api-bounds.test.ts',
        title: 'a body of 150 MB is refused before it came, said how long it is or not',
      },
      { file: 'test/runtime/test_handler.py', title: 'test_a_pinned_request_is_answered_and_no_evidence' },
    ],
    carries: [],
  },
  {
    ...{ from: 'judge', to: 'told' },
    what: 'a judgement of the monitor that has changed, to the address of a secret',
    known: 'the address, which is all that such services ask for',
    refused: 'nothing there; texts of others are plain text in every form',
    proofs: [
      {
        file: 'test/core/monitor/notice/format-notice.test.ts',
        title: 'is plain text in all of Slack’s blocks, and escaped in the one line that Slack reads',
      },
      { file: 'test/adapters/webhook.test.ts', title: 'names the host, and not the path, which is a secret' },
    ],
    carries: [],
  },
];
