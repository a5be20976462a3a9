import { linkLedger } from '../../actions/serving/link-ledger.ts';
import { startOnHost } from '../../actions/serving/start-on-host.ts';
import { startableOf } from '../../actions/serving/startable.ts';
import { serveOnly } from '../../core/deploy/rollout-traffic.ts';
import { messageOf } from '../../core/errors.ts';
import { addSeconds, toInstant } from '../../core/instant.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { foldLedger } from '../../core/ledger/fold.ts';
import { knownEvents } from '../../core/ledger/lines/read-event.ts';
import { formatLine, parseLedger } from '../../core/ledger/parse-ledger.ts';
import { ok } from '../../core/result.ts';
import { makeDraws } from '../simulate/draws.ts';
import { championEvents, versionEvents } from './github/chain.ts';
import { takeDispatches } from './github/dispatches.ts';
import { createLedgerRemote } from './github/git-remote.ts';
import { connectJob } from './github/job-ports.ts';
import { createSite, type GitHubSite } from './github/site.ts';
import { createHost, type WorldHost } from './host/host.ts';
import { createWatch, type Violation } from './invariants/watch.ts';
import { enter } from './machine.ts';
import { packageOf, WORLD_PACKAGES } from './packages.ts';
import { watchRest } from './rest.ts';
import { plant } from './schedule/inject.ts';
import { HEALTHY, type WorldSchedule } from './schedule/setup.ts';
import { type Actor, createScheduler } from './scheduler.ts';
import { createTrace } from './trace.ts';
import type { SimulatedWorld } from './world.ts';
import { configOf, MODEL, TIMES } from './world-config.ts';

/** What a schedule came to. */
export type PlayedSchedule = {
  readonly violation: Violation | undefined;
  readonly trace: readonly string[];
  readonly steps: number;
  readonly rollouts: number;
  readonly pushes: number;
  /** Pushes that were rejected, since another came first. */
  readonly races: number;
};

/** Longest life of a world, in ms. */
const WATCHED_MS = 520_000;
/** What changes how a model server answers, or whether it does. */
const DISTURBING: ReadonlySet<string> = new Set([
  ...['host-lost', 'host-replaced', 'server-crash', 'turns-bad', 'slow-host'],
]);
const OPERATOR: Actor = { name: 'operator', isAlive: true };
/** The monitor's first tick. */
const FIRST_TICK_MS = 50_000;

/** Plays one schedule from the beginning to its end, or to the first step that breaks an invariant. */
export async function play({ seed, setup, injections }: WorldSchedule): Promise<PlayedSchedule> {
  const time = createScheduler();
  const draws = makeDraws(`world/${seed}`);
  enter({ time, draws });
  const trace = createTrace(time);
  const behaviours = new Map(Object.entries(setup.versions));
  const traffic = { factor: 1, until: 0 };
  const github: SimulatedWorld['github'] = {
    ...{ downUntil: 0, rateLimitedUntil: 0, dispatches: undefined, onTheWay: 0 },
  };
  const hosts: WorldHost[] = [];
  const world: SimulatedWorld = {
    ...{ setup, config: configOf(setup), time, draws, trace, github, hosts, behaviours, traffic },
    isUndisturbed: !injections.some(({ kind }) => DISTURBING.has(kind)),
    git: { remote: createLedgerRemote(), faults: { downUntil: 0, goneUntil: 0, lostPushAnswers: 0 } },
    ...{ aliases: new Map(), records: new Map(), heads: [], served: [], ended: [], commands: [] },
  };
  let versions = Object.keys(setup.versions).length;
  const nextVersion = () => {
    versions += 1;
    behaviours.set(String(versions), HEALTHY);
    return String(versions);
  };
  const site = createSite({ world, onPush: (actor) => recordHead(world, actor), nextVersion });
  for (let index = 0; index < setup.hosts; index += 1) hosts.push(raiseHost(world, site, index));
  let beginning = 'it never ended';
  begin(world, site).then(
    () => {
      beginning = '';
    },
    (thrown: unknown) => {
      beginning = messageOf(thrown);
    },
  );
  for (const injection of injections) plant(world, site, injection);
  const watch = createWatch(world);
  const isOver = watchRest(world, site, { injections, watchedMs: WATCHED_MS });
  await time.run(WATCHED_MS, () => watch.look() === undefined && !isOver());
  if (beginning !== '') throw new Error(`The world of seed ${seed} could not begin: ${beginning}`);
  const violation = watch.look() ?? watch.atEnd();
  for (const host of hosts) host.kill();
  const rollouts = world.heads.at(-1)?.events.filter(({ kind }) => kind === 'rollout.started').length ?? 0;
  return {
    violation,
    trace: trace.lines(),
    steps: time.steps(),
    rollouts,
    pushes: world.heads.length,
    races: world.git.remote.races(),
  };
}

function raiseHost(world: SimulatedWorld, site: GitHubSite, index: number): WorldHost {
  const { time, draws, setup, trace, behaviours, traffic, github } = world;
  const host: WorldHost = createHost(
    {
      ...{ time, draws, setup, trace },
      behaviourOf: (version) => behaviours.get(version) ?? HEALTHY,
      rateFactor: () => (time.elapsed() < traffic.until ? traffic.factor : 1),
      onServed: (_host, served) =>
        world.served.push({
          ...{ ...served, host: index },
          ...{ agentRan: host.running() !== undefined, canAct: couldAct(host, served.from) },
        }),
      exchangeFor: (_host, actor) =>
        takeDispatches({ time, draws, faults: github, trigger: site.trigger }, host, actor),
    },
    index,
  );
  host.start();
  return host;
}

/** Whether the agent could see and act since then: it runs, its disk takes what it writes, and the machine keeps up. */
function couldAct({ running, faults }: WorldHost, since: number): boolean {
  return running() !== undefined && Math.max(faults.diskFullUntil, faults.slowUntil) <= since;
}

/** The world as it is found: version 1 serves everywhere, and the others are registered. */
async function begin(world: SimulatedWorld, site: GitHubSite): Promise<void> {
  const { time, setup } = world;
  const ports = connectJob(
    { world, onPush: (actor) => recordHead(world, actor), trigger: site.trigger },
    OPERATOR,
  );
  const at = toInstant(time.now() - 60_000);
  const [first = '1', ...others] = Object.keys(setup.versions);
  const place = {
    ...packageOf(first),
    package: packageOf(first).name,
    runId: `run-${first}`,
    artifactPath: '',
  };
  const startable = startableOf(WORLD_PACKAGES, {
    subject: packageOf(first).manifest,
    place,
    prove: async () => undefined,
  });
  const { ledger, agents } = linkLedger(ports.ledger, ports.agents);
  await ledger.append(MODEL, (state) =>
    ok([...versionEvents(first, at, state), ...championEvents(first, at)]),
  );
  await Promise.all(
    agents.map(async (agent) => {
      await startOnHost(agent, startable, { clock: ports.clock, readyMs: 30_000 });
      await agent.setTraffic(MODEL, serveOnly(first, []), undefined);
    }),
  );
  await ledger.append(MODEL, (state) =>
    ok(others.flatMap((version) => versionEvents(version, addSeconds(at, 1), state))),
  );
  const tick = () => {
    site.trigger({ name: 'schedule', actor: 'github-actions', payload: { schedule: '17 * * * *' } });
    time.after(TIMES.monitorEvery * 1_000, OPERATOR, tick);
  };
  time.after(FIRST_TICK_MS, OPERATOR, tick);
}

function recordHead({ git, heads, time, trace }: SimulatedWorld, actor: Actor): void {
  const head = git.remote.head();
  const tree = head === undefined ? undefined : git.remote.commitOf(head)?.tree;
  const files = [...(tree ?? [])].filter(([path]) => path.startsWith('events/'));
  const text = files.map(([, lines]) => lines).join('');
  const before = heads.at(-1)?.events.length ?? 0;
  const events = readEvents(heads.at(-1), text);
  heads.push({ at: time.elapsed(), by: actor.name, text, events, state: foldLedger(MODEL, events) });
  // How the world was found is the same in each.
  for (const event of actor === OPERATOR ? [] : events.slice(before)) {
    trace.say(actor.name, `wrote ${event.kind} ${summary(formatLine(event))}`);
  }
}

/** The events of a ledger's text; of one that only grew since the last head the new ones are read. */
function readEvents(last: SimulatedWorld['heads'][number] | undefined, text: string): readonly LedgerEvent[] {
  const known = last?.text.endsWith('\n') === true && text.startsWith(last.text) ? last : undefined;
  const parsed = parseLedger([{ path: 'events', text: text.slice(known?.text.length ?? 0) }]);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return [...(known?.events ?? []), ...knownEvents(parsed.value)];
}

function summary(line: string): string {
  return line
    .slice(line.indexOf('"data":') + 7)
    .slice(0, 120)
    .trimEnd();
}
