import type { Attempt } from './attempt.ts';
import { CLIENT } from './attempts/client.ts';
import { DISPATCH_HOLDER } from './attempts/dispatch-holder.ts';
import { LEDGER_WRITER } from './attempts/ledger-writer.ts';
import { MLFLOW_WRITER } from './attempts/mlflow-writer.ts';
import { PULL_REQUEST } from './attempts/pull-request.ts';

/** Who attacks, and all that each of them tries. */
export const ATTACKERS: readonly (readonly [who: string, attempts: readonly Attempt[]])[] = [
  ['The author of a pull request', PULL_REQUEST],
  ['Who may write to MLflow', MLFLOW_WRITER],
  ['A client', CLIENT],
  ['Who holds a dispatch secret', DISPATCH_HOLDER],
  ['Who may push to the ledger', LEDGER_WRITER],
];
