import type { Config } from '../config/config.ts';
import type { LedgerState } from '../ledger/state.ts';
import type { DispatchType } from '../names.ts';
import type { PermissionLevel } from '../permission.ts';
import type { BranchUpdate, PullRequest } from '../pull-request.ts';
import type { DispatchPayload } from '../serving/dispatch-payload.ts';
import type { Models } from './commands/address-command.ts';

/** Everything a decision depends on. The event's payload is anybody's text until it is checked here. */
export type PlanInput = {
  readonly eventName: string;
  readonly payload: unknown;
  /** `owner/name` and branch that the workflow runs for. */
  readonly repository: string;
  readonly defaultBranch: string;
  /** The run's commit: for a push the pushed one, else the default branch's head. */
  readonly sha: string;
  readonly runId: string;
  /** From 1; a later attempt is someone running the same event again on purpose. */
  readonly attempt: number;
  /** Who started this run: for a re-run another than who caused the event. */
  readonly actor: string;
  readonly config: Config;
  readonly models: Models;
  readonly state: LedgerState;
  /** Of everyone `describeEvent` names. Someone absent has none. */
  readonly permissions: Readonly<Record<string, PermissionLevel>>;
  /** The one `describeEvent` names, as the API gives it now. */
  readonly pullRequest?: PullRequest;
  /** The newest change of that pull request's head branch; absent when it can't be told, and for a fork, whose record is not believed. */
  readonly headUpdate?: BranchUpdate;
  /** Paths that the push changed; absent when it can't be told. */
  readonly changedFiles?: readonly string[];
  /** The configuration before and after the push, where it is all that the push changed beside documents and both are there. */
  readonly pushedConfiguration?: { readonly file: string; readonly before: string; readonly after: string };
  readonly now: string;
  /** Whether a dispatch's signature is that of its environment; gives `undefined` when the repository has no secret for that. */
  readonly verifySignature: (type: DispatchType, payload: DispatchPayload) => boolean | undefined;
};
