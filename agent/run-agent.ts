import { messageOf } from '../core/errors.ts';
import { createAgent } from './agent.ts';
import { createApp, listen, listenLocally } from './api/server.ts';
import { runLoop } from './loop.ts';
import { createSteadyClock } from './machine/steady-clock.ts';
import { createClockWatch, moveOutOfFuture } from './machine/watch-clock.ts';
import { type AgentEnvironment, createRuntime, openContext, scopeOf } from './open-context.ts';
import { describeOpenSecrets } from './options/find-open-secrets.ts';
import { type AgentOptions, localSocket } from './options/options.ts';
import { listOwned, stopSession } from './runtimes/process/handle.ts';

const STOP_GRACE_MS = 10_000;

/**
 * Serves until SIGTERM or SIGINT. Model servers and proxy go on without it; the next agent on the same folder adopts them, also
 * after a kill at any point.
 */
export async function runAgent(options: AgentOptions, env: AgentEnvironment): Promise<void> {
  const clock = createSteadyClock();
  const context = await openContext(options, clock, env);
  const watched = { clock, store: context.store, log: context.log };
  moveOutOfFuture(watched);
  const agent = createAgent(context);
  // What happened while no agent looked is judged before anyone can ask for more traffic.
  await agent.observeAndJudge().catch((thrown) => context.log.warn(messageOf(thrown)));
  const server = await listen(createApp(agent), agent);
  const local = await listenLocally(createApp(agent, 'open'), context.log, localSocket(options.dataDir));
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  if (options.dispatch === undefined)
    context.log.warn(
      'No --repository: no brake, drift or stage of this host is reported, until the monitor asks.',
    );
  if (options.openSecrets.length > 0) context.log.warn(describeOpenSecrets(options.openSecrets));
  const { address, port } = options.listen;
  context.log.info(
    `${options.hostName} listens on ${address}:${port}, predictions on ${options.dataPlane.port}`,
  );
  await runLoop(agent, createClockWatch(watched), stop.signal);
  for (const one of [server, local]) {
    one.close();
    one.closeAllConnections();
  }
  context.audit.settle();
  context.store.close();
}

/**
 * Ends everything that runs for this data folder; its state stays, and the next start brings it all back. Gives what was ended, and what
 * could not be, in a sentence for each.
 */
export async function takeDown(options: AgentOptions): Promise<string> {
  const scope = `${scopeOf(options)}/`;
  const owned = listOwned(scope).map(({ owner, handle }) => ({ handle, name: nameOwned(owner, scope) }));
  const left = await Promise.all(
    owned.map(async (one) => ((await stopSession(one.handle, STOP_GRACE_MS)).length > 0 ? [one] : [])),
  );
  const stuck = left.flat();
  const swept = options.runtime === 'docker' ? await (await createRuntime(options, {})).sweep([]) : [];
  const tell = ({ name, handle }: (typeof owned)[number]) => `${name} (pid ${handle.pid})`;
  const ended = [...owned.filter((one) => !stuck.includes(one)).map(tell), ...swept];
  const told = [
    ended.length === 0 ? [] : `Ended ${ended.join(', ')}.`,
    stuck.length === 0 ? [] : `The kernel holds ${stuck.map(tell).join(', ')}: look for a disk that fails.`,
    owned.length + swept.length === 0 ? `Nothing ran for ${options.dataDir}.` : [],
    `Its state and packages stay: the next start of the agent brings back what serves.`,
  ];
  return told.flat().join('\n');
}

/** What a process is for whoever reads it: `model/<model>/<version>/<port>`, or the proxy. */
function nameOwned(owner: string, scope: string): string {
  const [kind, model, version] = owner.slice(scope.length).split('/');
  return kind === 'model' ? `the server of ${model} version ${version}` : 'the proxy';
}
