import { text } from 'node:stream/consumers';
import type Docker from 'dockerode';
import type { ContainerInspectInfo } from 'dockerode';
import { messageOf, ServiceError, UserError } from '../../../core/errors.ts';
import { explainLoadFailure } from '../find-load-failure.ts';
import type { Health, RuntimeHandle } from '../runtime.ts';
import type { ContainerIdentity } from './container.ts';
import { type Context, handleSchema, inspect } from './engine.ts';
import { dockerFailure, isPassing } from './failure.ts';
import { readWorkerStates } from './management.ts';

/** Lines of the container's output that are searched for the reason. */
const LOG_TAIL = 1_000;

/** TorchServe itself is asked first: while it answers, its engine may be down or in the middle of an upgrade. */
export async function checkContainer(
  context: Context,
  model: string,
  handle: RuntimeHandle,
): Promise<Health> {
  const identity = handleSchema.parse(handle);
  const begun = context.begun.get(identity.container);
  if (begun?.failure !== undefined) return explainFailure(begun.failure);
  if (begun !== undefined) return { kind: 'loading', detail: 'the engine gets its image and starts it' };
  try {
    const states = await readWorkerStates(identity.control, model);
    if (states.includes('READY')) return { kind: 'serving' };
    const reason = await findReason(context, identity);
    if (reason !== undefined) return { kind: 'failing', ...reason };
    return { kind: 'loading', detail: `workers: ${states.join(', ') || 'none'}` };
  } catch (thrown) {
    return explainSilence(context, identity, messageOf(thrown));
  }
}

function explainFailure(failure: unknown): Health {
  const detail = messageOf(failure);
  return isPassing(failure) ? { kind: 'gone', detail } : { kind: 'failing', detail, ...codeOf(failure) };
}

function codeOf(failure: unknown): { readonly code?: string } {
  if (failure instanceof ServiceError) return { code: failure.problem.code };
  const code = failure instanceof UserError ? failure.problems[0]?.code : undefined;
  return code === undefined ? {} : { code };
}

async function explainSilence(
  context: Context,
  identity: ContainerIdentity,
  silence: string,
): Promise<Health> {
  try {
    const found = await inspect(context, identity);
    if (found === undefined) return { kind: 'gone', detail: 'the container does not exist' };
    const { Running, Restarting } = found.State;
    return Running || Restarting
      ? { kind: 'loading', detail: silence }
      : { kind: 'gone', detail: describeEnd(found) };
  } catch (thrown) {
    return { kind: 'loading', detail: messageOf(thrown) };
  }
}

/** How a container ended, in words. */
export function describeEnd({ State: { ExitCode, OOMKilled } }: ContainerInspectInfo): string {
  return `the container ended with exit code ${ExitCode}${OOMKilled ? ', out of memory' : ''}`;
}

/** What the engine knows of why no worker is ready: killed for memory, or the errors TorchServe printed. */
async function findReason(
  context: Context,
  { container }: ContainerIdentity,
): Promise<{ readonly code: string; readonly detail: string } | undefined> {
  const { docker, options } = context;
  try {
    if (await wasOutOfMemory(docker, container)) {
      const limit = (options.limits.memoryBytes / 2 ** 30).toFixed(1);
      const detail = `A worker needs more memory than the container’s limit of ${limit} GiB.`;
      return { code: 'out-of-memory', detail };
    }
    const logged = await docker.getContainer(container).logs({ stdout: true, tail: LOG_TAIL });
    const detail = explainLoadFailure(splitLog(logged));
    return detail === undefined ? undefined : { code: 'load-failed', detail };
  } catch (thrown) {
    throw dockerFailure(thrown, `tell what happened to ${container}`, options.host);
  }
}

/** The kernel ends a worker that needs more than the limit; TorchServe starts it again, so the container itself lives on. */
async function wasOutOfMemory(docker: Docker, container: string): Promise<boolean> {
  const until = Math.floor(Date.now() / 1_000);
  const events = await docker.getEvents({
    since: 0,
    until,
    filters: { container: [container], event: ['oom'] },
  });
  return (await text(events)) !== '';
}

/** Lines of a container's output, which the engine cuts into frames of 8 bytes of header (4 of them the length) and text. */
function splitLog(framed: Buffer): readonly string[] {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= framed.length; ) {
    const length = framed.readUInt32BE(at + 4);
    parts.push(framed.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts).toString().split('\n');
}
