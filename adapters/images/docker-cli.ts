import { setTimeout as wait } from 'node:timers/promises';
import { ServiceError } from '../../core/errors.ts';
import type { CommandEnd, RunCommand } from '../../core/ports.ts';
import { linesOf, runCommand } from '../run-command.ts';

/** How long one docker command may take unless it is told otherwise, in ms. Builds and pushes of gigabytes fit. */
const DEFAULT_TIMEOUT_MS = 30 * 60_000;
/** How often a command that talks to a registry is tried, and the first pause between tries, in ms. */
const REGISTRY_ATTEMPTS = 3;
const FIRST_PAUSE_MS = 2_000;
/** Registry commands, which a network can fail. */
const REGISTRY_VERBS = new Set(['pull', 'push']);
/** Commands whose output somebody may want to follow; the rest is looked up and read by programs. */
const TOLD_VERBS = new Set(['build', 'pull', 'push']);
/** What a registry says that it will say again. */
const FINAL_ANSWERS = /not found|manifest unknown|denied|unauthorized|does not exist/i;
/** Lines of a failed command that its error quotes. */
const QUOTED_LINES = 5;

type DockerCliOptions = {
  /** Engine's address, e.g. `unix:///var/run/docker.sock`; docker's own choice when left out. */
  readonly host?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
  /** Runs docker; as a child of this process unless told otherwise. */
  readonly run?: RunCommand;
};

/** Runs `docker` with these arguments and gives the lines of its standard output. */
export type DockerCli = (args: readonly string[]) => Promise<readonly string[]>;

/**
 * The docker command line, as the one way to a Docker Engine that needs no library. Rejects with a ServiceError that names the engine
 * and quotes docker; commands that talk to a registry are tried again first.
 */
export function dockerCli(options: DockerCliOptions): DockerCli {
  const attempt = async (args: readonly string[]) => {
    const { env, host, run = runCommand } = options;
    return run({
      command: 'docker',
      args,
      env: host === undefined ? env : { ...env, DOCKER_HOST: host },
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(TOLD_VERBS.has(args[0] ?? '') && options.onLine !== undefined && { onLine: options.onLine }),
    });
  };
  return async (args) => {
    const attempts = REGISTRY_VERBS.has(args[0] ?? '') ? REGISTRY_ATTEMPTS : 1;
    for (let tried = 1; ; tried += 1) {
      const end = await attempt(args);
      if (end.ended === 'exited' && end.code === 0) return linesOf(end.stdout);
      const reason =
        end.ended === 'exited' ? linesOf(end.stderr).slice(-QUOTED_LINES).join(' ') : whyEnded(end, options);
      if (tried === attempts || end.ended !== 'exited' || FINAL_ANSWERS.test(reason))
        throw failure(options, args, reason);
      await wait(FIRST_PAUSE_MS * 2 ** (tried - 1), undefined, { signal: options.signal });
    }
  };
}

function whyEnded({ ended }: CommandEnd, { timeoutMs = DEFAULT_TIMEOUT_MS }: DockerCliOptions): string {
  return ended === 'timed-out' ? `it took longer than ${timeoutMs / 1_000} s` : ended;
}

function failure(options: DockerCliOptions, args: readonly string[], reason: string): ServiceError {
  const endpoint = options.host ?? options.env['DOCKER_HOST'] ?? 'the default Docker Engine';
  const where = { kind: 'endpoint', endpoint } as const;
  const command = `docker ${args.slice(0, 2).join(' ')}`;
  if (/cannot connect to the docker daemon|is the docker daemon running/i.test(reason)) {
    return new ServiceError({
      code: 'docker-unreachable',
      message: `No Docker Engine answers (${reason}).`,
      remedy: 'Start it, or set DOCKER_HOST to one that this user may use.',
      where,
    });
  }
  if (/no space left on device/i.test(reason)) {
    return new ServiceError({
      code: 'disk-full',
      message: `${command} ran out of disk (${reason}).`,
      remedy: 'Free space on the engine’s disk, for example with `docker image prune`, and run again.',
      where,
    });
  }
  return new ServiceError({
    code: `docker-${args[0] ?? 'command'}-failed`,
    message: `${command} failed: ${reason}`,
    remedy: 'Run the command by hand on the runner to see all of its output.',
    where,
  });
}
