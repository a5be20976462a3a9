import process from 'node:process';
import { ok, type Result } from '../../core/result.ts';
import { makeBaseImage } from './base-image.ts';
import { type Engine, removeContainers, startEngine, TEST_NETWORK } from './engine.ts';
import { startRegistry } from './registry.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** Exit code of a run that was interrupted. */
const INTERRUPTED = 130;

/** A Docker Engine of this checkout's own, and what its users need beside it. */
export type DockerHost = {
  /** The engine's address, for DOCKER_HOST. */
  readonly host: string;
  readonly network: string;
  /** Tag of the base image in the engine. */
  readonly base: string;
  /** `127.0.0.1:<port>`, the first part of the names of images that are pushed. */
  readonly registry: string;
};

/**
 * Starts an engine with the base image and a registry below `folder`, and gives what `work` makes of them. Leaves no process behind
 * however it ends, by SIGINT and SIGTERM too; nor images, unless they are to be kept for the next run. Gives one line that says why
 * where no engine can be had.
 */
export async function withDockerHost<T>(
  folder: string,
  { keep }: { readonly keep: boolean },
  work: (docker: DockerHost) => Promise<T>,
): Promise<Result<T, string>> {
  const started = await startEngine(folder);
  if (!started.ok) return started;
  const ends = [keep ? started.value.stop : started.value.remove];
  const end = async () => {
    for (const one of ends.splice(0).toReversed()) await one();
  };
  const interrupt = () => void end().finally(() => process.exit(INTERRUPTED));
  for (const signal of SIGNALS) process.once(signal, interrupt);
  try {
    const docker = await furnish(started.value, folder, keep, ends);
    return docker.ok ? ok(await work(docker.value)) : docker;
  } finally {
    await end();
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}

/** The registry's end is added to `ends`. */
async function furnish(
  engine: Engine,
  folder: string,
  isKept: boolean,
  ends: (() => Promise<void>)[],
): Promise<Result<DockerHost, string>> {
  await removeContainers(engine.docker);
  const base = await makeBaseImage(engine, folder);
  if (!base.ok) return base;
  const registry = await startRegistry(folder);
  ends.push(isKept ? registry.stop : registry.remove);
  return ok({ host: engine.host, network: TEST_NETWORK, base: base.value, registry: registry.address });
}
