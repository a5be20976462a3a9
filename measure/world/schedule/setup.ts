import type { WorldMoment } from './moments.ts';

/** How a version's model server behaves on a host. Shares are of the requests it gets. */
export type VersionBehaviour = {
  /** Answered 500. */
  readonly failing: number;
  /** Never answered: clients give up. */
  readonly hanging: number;
  /** Answered 200 with what is no answer. */
  readonly invalid: number;
  /** Answered 400 though the client did nothing wrong. */
  readonly refusing: number;
  /** Ends by itself after so many ms of serving; never when 0. */
  readonly crashesAfterMs: number;
  /** Can't be loaded a second time on a host while another version is loaded: the GPU is taken. */
  readonly loadsOnce: boolean;
  readonly answerMs: number;
};

export const HEALTHY: VersionBehaviour = {
  ...{ failing: 0.002, hanging: 0, invalid: 0, refusing: 0 },
  ...{ crashesAfterMs: 0, loadsOnce: false, answerMs: 20 },
};

/** What a schedule's world is made of, before anything is injected. */
export type Setup = {
  readonly hosts: number;
  /** Requests a second that each host gets. */
  readonly rate: number;
  /** Share of all requests that clients write wrongly: both versions answer 400. */
  readonly malformed: number;
  /** How long clients wait for an answer, in ms. */
  readonly clientTimeoutMs: number;
  /** By version; the champion at the beginning is version 1. */
  readonly versions: Readonly<Record<string, VersionBehaviour>>;
  readonly maxUnavailable: number;
  readonly shadowSeconds: number;
  readonly detach: boolean;
  /** A job leaves its runner to people who may wait for it. */
  readonly listens: boolean;
  readonly controlRunners: number;
  /** They wait for work, and start a job within a second. */
  readonly quickRunners: boolean;
  /** How long a reviewer takes, in s; none is asked when 0. */
  readonly approvalSeconds: number;
  /** Two hosts that call themselves by one name. */
  readonly sameName: boolean;
};

/** One thing that is done to the world. `at` is in ms since it began, or since the moment that it waits for; `host` counts from 0. */
export type Injection = { readonly at: number; readonly upon?: WorldMoment } & (
  | { readonly kind: 'comment'; readonly by: string; readonly text: string }
  | { readonly kind: 'train' }
  | { readonly kind: 'agent-killed'; readonly host: number; readonly downMs: number }
  | { readonly kind: 'host-lost'; readonly host: number; readonly downMs: number }
  /** The machine comes back with empty disks. */
  | { readonly kind: 'host-replaced'; readonly host: number; readonly downMs: number }
  | { readonly kind: 'partition'; readonly host: number; readonly forMs: number }
  | { readonly kind: 'answers-lost'; readonly host: number; readonly forMs: number }
  | { readonly kind: 'bad-gateway'; readonly host: number; readonly forMs: number }
  | { readonly kind: 'slow-host'; readonly host: number; readonly forMs: number }
  | { readonly kind: 'disk-full'; readonly host: number; readonly forMs: number }
  | { readonly kind: 'clock-jump'; readonly host: number; readonly byMs: number }
  /** The management API of a version's model servers hangs, on every host; their predictions do not. */
  | { readonly kind: 'check-hangs'; readonly version: string; readonly forMs: number }
  | { readonly kind: 'server-crash'; readonly host: number; readonly version: string }
  | { readonly kind: 'turns-bad'; readonly version: string; readonly behaviour: Partial<VersionBehaviour> }
  | { readonly kind: 'burst'; readonly factor: number; readonly forMs: number }
  | { readonly kind: 'git-down'; readonly forMs: number }
  | { readonly kind: 'push-answer-lost' }
  /** Until somebody has put it back from a clone. */
  | { readonly kind: 'branch-deleted'; readonly forMs: number }
  | { readonly kind: 'github-down'; readonly forMs: number }
  | { readonly kind: 'rate-limit'; readonly forMs: number }
  | { readonly kind: 'dispatches'; readonly as: 'lost' | 'doubled' | 'late'; readonly forMs: number }
  | { readonly kind: 'job-cancelled' | 'job-killed' | 'job-rerun' }
);

/** All that a seed decides. */
export type WorldSchedule = {
  readonly seed: number;
  readonly setup: Setup;
  readonly injections: readonly Injection[];
};
