import { toInstant } from '../../../core/instant.ts';
import type { GitHubSite } from '../github/site.ts';
import type { WorldHost } from '../host/host.ts';
import type { Actor } from '../scheduler.ts';
import type { SimulatedWorld } from '../world.ts';
import { MOMENTS } from './moments.ts';
import type { Injection } from './setup.ts';

const NATURE: Actor = { name: 'nature', isAlive: true };
/** The pull request that people comment on. */
const PULL_REQUEST = 7;

/** Lets an injection happen at its time, or after the moment that it waits for. */
export function plant(world: SimulatedWorld, site: GitHubSite, injection: Injection): void {
  const { time, trace } = world;
  const begin = () =>
    time.after(injection.at, NATURE, () => {
      trace.say('!', describe(injection));
      happen(world, site, injection);
    });
  if (injection.upon === undefined) begin();
  else trace.await(MOMENTS[injection.upon], begin);
}

/** An injection as one line. */
export function describe({ at: _at, kind, ...rest }: Injection): string {
  return `${kind} ${JSON.stringify(rest)}`;
}

function happen(world: SimulatedWorld, site: GitHubSite, injection: Injection): void {
  const { time, git, github, traffic, behaviours } = world;
  const until = (ms: number) => time.elapsed() + ms;
  switch (injection.kind) {
    case 'comment':
      comment(world, site, injection);
      return;
    case 'train':
      site.trigger({
        ...{ name: 'workflow_dispatch', actor: 'ann' },
        payload: { ref: 'refs/heads/main', inputs: { operation: 'train' }, sender: { login: 'ann' } },
      });
      return;
    case 'turns-bad': {
      for (const { clients } of world.hosts) clients.settle();
      const before = behaviours.get(injection.version);
      if (before !== undefined) behaviours.set(injection.version, { ...before, ...injection.behaviour });
      return;
    }
    case 'check-hangs':
      for (const host of world.hosts) hangChecks(host, injection.version, until(injection.forMs));
      return;
    case 'burst':
      for (const { clients } of world.hosts) clients.settle();
      traffic.factor = injection.factor;
      traffic.until = until(injection.forMs);
      return;
    case 'git-down':
      git.faults.downUntil = until(injection.forMs);
      return;
    case 'push-answer-lost':
      git.faults.lostPushAnswers += 1;
      return;
    case 'branch-deleted':
      deleteBranch(world, injection.forMs);
      return;
    case 'github-down':
      github.downUntil = until(injection.forMs);
      return;
    case 'rate-limit':
      github.rateLimitedUntil = until(injection.forMs);
      return;
    case 'dispatches':
      github.dispatches = { as: injection.as, until: until(injection.forMs) };
      return;
    case 'job-cancelled':
      site.cancel();
      return;
    case 'job-killed':
      site.lose();
      return;
    case 'job-rerun':
      site.rerun();
      return;
    default: {
      const host = world.hosts[injection.host];
      if (host !== undefined) befall(world, host, injection);
    }
  }
}

/** Gone already, the branch comes back when it was to come back. */
function deleteBranch({ time, git }: SimulatedWorld, forMs: number): void {
  time.after(forMs, NATURE, git.remote.deleteBranch());
  git.faults.goneUntil = Math.max(git.faults.goneUntil, time.elapsed() + forMs);
}

function hangChecks({ servers }: WorldHost, version: string, until: number): void {
  const server = servers.ofVersion(version);
  if (server !== undefined) server.checkHangsUntil = Math.max(server.checkHangsUntil, until);
}

type HostInjection = Extract<Injection, { readonly host: number }>;

function befall({ time }: SimulatedWorld, host: WorldHost, injection: HostInjection): void {
  const { faults } = host;
  switch (injection.kind) {
    case 'agent-killed':
      host.kill();
      time.after(injection.downMs, NATURE, host.start);
      return;
    case 'host-lost':
      host.kill();
      host.servers.killAll();
      host.proxy.kill();
      time.after(injection.downMs, NATURE, host.start);
      return;
    case 'host-replaced':
      host.replace();
      time.after(injection.downMs, NATURE, host.start);
      return;
    case 'server-crash':
      host.servers.kill(injection.version);
      return;
    case 'clock-jump':
      faults.skewMs += injection.byMs;
      return;
    case 'partition':
      faults.partitionedUntil = time.elapsed() + injection.forMs;
      return;
    case 'answers-lost':
      faults.answersLostUntil = time.elapsed() + injection.forMs;
      return;
    case 'bad-gateway':
      faults.badGatewayUntil = time.elapsed() + injection.forMs;
      return;
    case 'slow-host':
      faults.slowUntil = time.elapsed() + injection.forMs;
      return;
    case 'disk-full':
      faults.diskFullUntil = time.elapsed() + injection.forMs;
      return;
  }
}

function comment(
  { time, commands }: SimulatedWorld,
  site: GitHubSite,
  { by, text }: Extract<Injection, { kind: 'comment' }>,
): void {
  const id = 1_000 + commands.length;
  commands.push({ id, at: time.elapsed(), by, text });
  site.trigger({
    ...{ name: 'issue_comment', actor: by },
    payload: {
      action: 'created',
      issue: { number: PULL_REQUEST, pull_request: {} },
      comment: { id, body: text, user: { login: by }, created_at: toInstant(time.now()) },
    },
  });
}
