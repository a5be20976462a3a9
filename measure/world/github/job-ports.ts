import { createAgentClient } from '../../../adapters/agent-client.ts';
import { createGitLedger } from '../../../adapters/git/ledger.ts';
import { ServiceError } from '../../../core/errors.ts';
import { toInstant } from '../../../core/instant.ts';
import type { LedgerHead } from '../../../core/ledger/head/ledger-head.ts';
import type { AgentPort, Clock, GitHub, Ledger, Log, RolloutRecords, Tracking } from '../../../core/ports.ts';
import { TOKEN } from '../host/host.ts';
import { connectTo } from '../network.ts';
import type { Actor } from '../scheduler.ts';
import type { SimulatedWorld } from '../world.ts';
import { REPOSITORY, TIMES } from '../world-config.ts';
import { deliver, type GitHubEvent } from './dispatches.ts';
import { createGitClient } from './git-client.ts';

/** A call of GitHub's API, in ms. */
const API_MS = { least: 60, most: 400 } as const;
/** So many comments GitHub gives at once. */
const PAGE = 30;
/** As `connectAgents` chooses it for this lease. */
const ATTEMPT_MS = TIMES.lease * 125;

/** The world, who is told of each push, and who starts what a dispatch asks for. */
export type WorldRepository = {
  readonly world: SimulatedWorld;
  readonly onPush: (actor: Actor) => void;
  readonly trigger: (event: GitHubEvent) => void;
};

/** The world as one job's process sees it; `seen` is how far plan saw the ledger go, where there was a plan. */
export function connectJob(repository: WorldRepository, actor: Actor, seen?: LedgerHead) {
  const { world, onPush } = repository;
  const { time, draws, hosts, trace } = world;
  const clock: Clock = {
    now: () => toInstant(time.now()),
    wait: (ms, signal) => time.sleep(ms, actor, signal),
  };
  const log: Log = {
    info: (line) => trace.say(actor.name, line),
    warn: (line) => trace.say(actor.name, `warning: ${line}`),
    group: (_title, work) => work(),
  };
  const ledger: Ledger = createGitLedger({
    ...{ remote: `https://github.test/${REPOSITORY}`, token: 'job-token', clock, dir: '/ledger' },
    author: { name: 'trainyard', email: 'trainyard@users.noreply.github.com' },
    run: createGitClient({ ...world.git, time, draws, onPush }, actor),
    random: draws.uniform,
    ...(seen !== undefined && { seen }),
  });
  const agents: readonly AgentPort[] = hosts.map(({ url }) =>
    createAgentClient({
      ...{ url, token: TOKEN, timeoutMs: ATTEMPT_MS },
      dependencies: connectTo({ time, draws, hosts }, actor),
    }),
  );
  return {
    ...{ clock, log, ledger, agents, github: connectGitHub(repository, actor) },
    tracking: trackingOf(world),
    records: recordsOf(world),
  };
}

/** The ports of a job. */
export type JobPorts = ReturnType<typeof connectJob>;

function connectGitHub({ world, trigger }: WorldRepository, actor: Actor): GitHub {
  const { time, draws, github, commands } = world;
  const beganAt = time.now() - time.elapsed();
  const call = async <T>(answer: T): Promise<T> => {
    await time.sleep(API_MS.least + draws.uniform() * API_MS.most, actor);
    if (time.elapsed() >= github.downUntil) return answer;
    throw new ServiceError({
      code: 'service-unavailable',
      message: 'GitHub answered 503.',
      remedy: 'Try again.',
      where: { kind: 'endpoint', endpoint: 'https://api.github.test' },
    });
  };
  return {
    permissionOf: () => call('write'),
    getPullRequest: (number) =>
      call({
        ...{ number, headSha: SHA, headRepository: REPOSITORY, baseRepository: REPOSITORY },
        headBranch: 'topic',
        state: 'open',
      }),
    readFile: () => call(undefined),
    newestUpdate: () => call(undefined),
    changedFiles: () => call(undefined),
    newestComments: () => {
      const said = commands.map(({ id, at, by: user, text: body }) => ({
        ...{ id, user, body, at: toInstant(beganAt + at) },
      }));
      return call(said.toReversed().slice(0, PAGE));
    },
    react: () => call(undefined),
    upsertComment: () => call('https://github.test/7'),
    upsertIssue: () => call(8),
    closeIssue: () => call(undefined),
    createDeployment: () => call(1),
    setDeploymentStatus: () => call(undefined),
    setCommitStatus: () => call(undefined),
    proposeChange: () => call('https://github.test/9'),
    dispatch: async (type, payload) => {
      await call(undefined);
      deliver({ time, draws, faults: github, trigger }, { type, payload });
    },
    lastScheduledRun: () => call(undefined),
    conclusionOf: () => call(undefined),
  };
}

/** The one commit of the repository. */
export const SHA = 'a'.repeat(40);

function trackingOf({
  aliases,
}: SimulatedWorld): Pick<Tracking, 'getAlias' | 'setAlias' | 'setVersionTags' | 'findRuns'> {
  return {
    getAlias: async (_model, alias) => aliases.get(alias),
    setAlias: async (_model, alias, version) => {
      if (version === undefined) aliases.delete(alias);
      else aliases.set(alias, version);
    },
    setVersionTags: async () => undefined,
    findRuns: async () => [],
  };
}

function recordsOf({ records }: SimulatedWorld): RolloutRecords {
  return {
    keep: async (_runId, record) => {
      records.set(record.rollout, record);
    },
    find: async (_runId, rollout) => records.get(rollout),
  };
}
