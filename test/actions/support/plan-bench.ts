import { readPlan } from '../../../actions/job/handoff.ts';
import { type PlanPorts, type PlanRequest, plan } from '../../../actions/plan/plan.ts';
import { createNonce } from '../../../adapters/seal.ts';
import { ok } from '../../../core/result.ts';
import { championEvents, createWorld, versionEvents, type World } from './deployment.ts';
import { createRecordingGitHub } from './recording-github.ts';

/** The head of the default branch. */
export const SHA = 'b'.repeat(40);
/** What the default branch says. */
export const POLICY = 'gate: [{ metric: accuracy, margin: 0.01 }]\n';

/** What a host remembers of the ledger. */
const HEAD = { commit: 'c9', events: 9, last: 'x' };
const REMEMBERED = { heads: [{ by: 'http://serve-1:9443', head: HEAD }], silent: [] };

/** A comment on pull request 7. */
export function comment(body: string, login = 'ann'): unknown {
  return {
    action: 'created',
    issue: { number: 7, pull_request: {} },
    comment: { id: 42, body, created_at: '2026-11-21T11:59:00Z', user: { login, type: 'User' } },
    repository: { default_branch: 'main' },
  };
}

/** A plan of one event in a world of two versions, of which the first serves. */
export function bench(payload: unknown, eventName = 'issue_comment') {
  const world: World = createWorld([...versionEvents('1'), ...championEvents('1'), ...versionEvents('2')]);
  const github = createRecordingGitHub();
  const { config, author } = world.job({}).request;
  const request: PlanRequest = {
    eventName,
    payload,
    repository: 'acme/digits',
    defaultBranch: 'main',
    sha: SHA,
    runId: '1',
    attempt: 1,
    actor: 'ann',
    config,
    models: { own: 'mnist', all: ['mnist'] },
    policy: { file: 'trainyard.yml', text: POLICY, sha: 'd'.repeat(40) },
    disk: { project: ok(undefined), hasHoldout: true },
    workflow: author.workflow,
    runUrl: 'http://run',
    verifySignature: () => true,
  };
  const later: (() => Promise<void>)[] = [];
  const ports: BenchPorts = {
    later,
    afterwards: (work) => later.push(work),
    ledger: world.ledger,
    github,
    clock: world.clock,
    log: world.job({}).ports.log,
    createNonce,
    forecast: async (environment) => [{ kind: 'paragraph', text: `Forecast of ${environment}.` }],
    remembered: async () => REMEMBERED,
  };
  return { world, github, request, ports };
}

/** And what is done once the plan is handed on. */
type BenchPorts = PlanPorts & { readonly later: readonly (() => Promise<void>)[] };

/** What the plan hands to the jobs after it, as they read it. */
export async function handOff(request: PlanRequest, ports: BenchPorts) {
  const { decision, reasonCode, result } = await plan(request, ports);
  for (const work of ports.later) await work();
  return readPlan(
    JSON.stringify({ schema_version: 1, action: 'plan', decision, reason_code: reasonCode, ...result }),
  );
}
