import { messageOf, ServiceError } from '../../core/errors.ts';
import { secondsBetween } from '../../core/instant.ts';
import type { AgentContext } from '../context.ts';
import { clusterNames } from '../envoy/traffic-plan.ts';
import type { Health } from '../runtimes/runtime.ts';
import type { StoredInstance } from '../store/stored-instance.ts';
import { launchOf } from './launch.ts';
import { replayGolden } from './replay-golden.ts';

/** Ends of the process that count together, in ms, and how many of them are borne before the version is given up. */
const CRASH_MEMORY_MS = 600_000;
const MAX_CRASHES = 3;
/** A version that served and is alive but serves no more for so long is started again, in ms. */
const UNRESPONSIVE_MS = 60_000;
/** A stable version that was given up is tried again after this pause, in ms: nothing else could answer. */
const REVIVE_AFTER_MS = 60_000;

/** Brings one instance a step nearer to what is wanted. Gives what to store. */
export async function stepInstance(context: AgentContext, instance: StoredInstance): Promise<StoredInstance> {
  if (instance.isGivenUp === true) return endServer(context, instance);
  switch (instance.state) {
    case 'starting':
      return instance.handle === undefined ? prepare(context, instance) : start(context, instance);
    case 'ready':
      return watch(context, instance);
    case 'draining':
      return drain(context, instance);
    case 'failed':
      return revive(context, instance);
    case 'stopped':
      return instance;
  }
}

/** The next server is started only when this one has gone: it holds memory, perhaps a GPU's. */
async function endServer(context: AgentContext, instance: StoredInstance): Promise<StoredInstance> {
  const { handle, isGivenUp: _isGivenUp, ...rest } = instance;
  if (handle !== undefined) await context.runtime.stop(handle);
  return rest;
}

async function prepare(context: AgentContext, instance: StoredInstance): Promise<StoredInstance> {
  const { payload } = instance.manifest;
  // An image is checked by the engine that pulls it.
  const isWhole = payload.kind === 'image' || (await context.blobs.verify(payload.digest).catch(() => false));
  if (!isWhole) {
    return fail(context, instance, {
      code: 'package-damaged',
      message: `The file ${payload.digest} is missing or changed on disk.`,
    });
  }
  return { ...instance, handle: await context.runtime.prepare(launchOf(context, instance)) };
}

async function start(context: AgentContext, instance: StoredInstance): Promise<StoredInstance> {
  const { runtime, options } = context;
  const handle = instance.handle ?? {};
  const health = await runtime.check(instance.model, handle);
  if (health.kind === 'serving') return verifyAnswers(context, instance);
  if (health.kind === 'failing')
    return fail(context, instance, { code: health.code ?? 'load-failed', message: health.detail });
  const waitedMs = elapsedMs(context, instance.startedAt);
  if (waitedMs > options.startTimeoutSeconds * 1_000) {
    const message = `It was not ready after ${options.startTimeoutSeconds} s: ${health.detail}.`;
    return fail(context, instance, { code: 'start-timeout', message });
  }
  if (health.kind === 'loading') return instance;
  if (handle['pid'] !== undefined) return recordCrash(context, instance, { detail: health.detail });
  try {
    return { ...instance, handle: await runtime.start(launchOf(context, instance), handle) };
  } catch (thrown) {
    const code = thrown instanceof ServiceError ? thrown.problem.code : undefined;
    return recordCrash(context, instance, { detail: messageOf(thrown), code });
  }
}

/** Ready only when the live answers are the stored ones. A model that cannot be asked yet is asked again at the next step. */
async function verifyAnswers(context: AgentContext, instance: StoredInstance): Promise<StoredInstance> {
  const now = context.clock.now();
  try {
    const replay = await replayGolden(context, instance);
    if (replay !== undefined && replay.verdict !== 'pass') {
      return fail(context, instance, { code: 'golden-mismatch', message: replay.reason.message });
    }
  } catch (thrown) {
    if (elapsedMs(context, instance.startedAt) < context.options.startTimeoutSeconds * 1_000) return instance;
    return fail(context, instance, { code: 'golden-unanswered', message: messageOf(thrown) });
  }
  const { code: _code, message: _message, ...rest } = instance;
  context.log.info(`${name(instance)} is ready`);
  return { ...rest, state: 'ready', since: now, hasServed: true };
}

async function watch(context: AgentContext, instance: StoredInstance): Promise<StoredInstance> {
  const health: Health = await context.runtime.check(instance.model, instance.handle ?? {});
  // As it is: a copy would have to be compared with it at every look.
  if (health.kind === 'serving' && instance.unresponsiveSince === undefined) return instance;
  const { unresponsiveSince = context.clock.now(), ...responsive } = instance;
  const served = { ...responsive, hasServed: true };
  if (health.kind === 'serving') return responsive;
  if (health.kind === 'gone') return recordCrash(context, served, { detail: health.detail });
  if (elapsedMs(context, unresponsiveSince) < UNRESPONSIVE_MS) return { ...instance, unresponsiveSince };
  return recordCrash(context, served, { detail: `it served no more (${health.detail})` });
}

/** Starts it anew on other ports (the old ones may be taken), or gives up when it has crashed too often; `code` says why then. */
function recordCrash(
  context: AgentContext,
  instance: StoredInstance,
  { detail, code = 'crash-loop' }: { readonly detail: string; readonly code?: string | undefined },
): StoredInstance {
  const now = context.clock.now();
  const recent = instance.crashes.filter((crash) => elapsedMs(context, crash) < CRASH_MEMORY_MS);
  const crashes = [...recent, now];
  context.log.warn(`${name(instance)} ended: ${detail}`);
  if (crashes.length >= MAX_CRASHES) {
    const message = `It ended ${crashes.length} times in ${CRASH_MEMORY_MS / 60_000} minutes: ${detail}.`;
    return fail(context, { ...instance, crashes }, { code, message });
  }
  const message = `It ended and is started again: ${detail}.`;
  return {
    ...giveUpServer(instance),
    state: 'starting',
    code: 'crashed',
    message,
    since: now,
    startedAt: now,
    crashes,
  };
}

/** Stops it once its last request is answered, or when it has had the time any request may take. */
async function drain(context: AgentContext, instance: StoredInstance): Promise<StoredInstance> {
  const { model, version, manifest } = instance;
  // A proxy that has not taken up the plan, or can't be asked, may send it requests still.
  if (context.proxy.problem() !== undefined) return instance;
  const counters = await context.proxy.counters().catch(() => undefined);
  const active = clusterNames(model, version).reduce(
    (sum, cluster) => sum + (counters?.get(cluster)?.active ?? 0),
    0,
  );
  const drainedMs = elapsedMs(context, instance.since);
  const mayBeBusy = active > 0 || counters === undefined;
  if (mayBeBusy && drainedMs < manifest.serving.responseTimeoutSeconds * 1_000) return instance;
  if (instance.handle !== undefined) await context.runtime.stop(instance.handle);
  const { handle: _handle, ...rest } = instance;
  context.log.info(`${name(instance)} is stopped`);
  return { ...rest, state: 'stopped', since: context.clock.now() };
}

function revive(context: AgentContext, instance: StoredInstance): StoredInstance {
  const traffic = context.store.getTraffic(instance.model)?.traffic;
  const isStable = traffic?.stable === instance.version;
  if (!isStable || elapsedMs(context, instance.since) < REVIVE_AFTER_MS) return instance;
  const now = context.clock.now();
  return { ...instance, state: 'starting', since: now, startedAt: now, crashes: [] };
}

function fail(
  context: AgentContext,
  instance: StoredInstance,
  { code, message }: { readonly code: string; readonly message: string },
): StoredInstance {
  context.log.warn(`${name(instance)} failed (${code}): ${message}`);
  return { ...giveUpServer(instance), state: 'failed', code, message, since: context.clock.now() };
}

/** What it runs on is to be ended. That takes its time, and is nothing that the record of why has to wait for. */
function giveUpServer(instance: StoredInstance): StoredInstance {
  return instance.handle === undefined ? instance : { ...instance, isGivenUp: true };
}

function name({ model, version }: StoredInstance): string {
  return `${model} version ${version}`;
}

function elapsedMs(context: AgentContext, since: string): number {
  return 1_000 * secondsBetween(since, context.clock.now());
}
