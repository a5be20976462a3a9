import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { linesOf, runCommand } from '../../adapters/run-command.ts';
import { UserError } from '../../core/errors.ts';
import { HOST_LAYOUT } from '../../core/host/layout.ts';

/** What ssh itself exits with: the host was not reached, or did not let in. */
const NOT_REACHED = 255;
const ATTEMPTS = 3;
const PAUSE_MS = 2_000;
/** So many of the last lines of what a host said are quoted. */
const QUOTED_LINES = 5;
/** Nobody is there to be asked, and a host that falls silent is given up after a minute. */
const OPTIONS = ['BatchMode=yes', 'ConnectTimeout=10', 'ServerAliveInterval=15', 'ServerAliveCountMax=4'];
/** A destination as ssh takes it, which can be no option. */
const DESTINATION = /^(?!-)[\w.@:[\]-]+$/;
const SENT_NAME = /^(?!-)[\w.+-]+$/;

type Request = { readonly script: string; readonly timeoutMs: number };

/** A host by the OpenSSH client of this machine. What fails is a UserError that names the host and quotes its last words. */
export type Ssh = {
  readonly destination: string;
  /** Runs a script with the host's shell, as who signs in, and gives the lines that it wrote. */
  readonly run: (request: Request) => Promise<readonly string[]>;
  /** The same as root. */
  readonly runAsRoot: (request: Request & { readonly program?: string }) => Promise<readonly string[]>;
  /** Sends a file of this machine into the host's folder of incoming files, as root. */
  readonly send: (file: string, name: string, timeoutMs: number) => Promise<void>;
};

/** How a host is signed in to: the destination as `ssh` takes it, and another configuration of ssh than the user's. */
type Way = {
  readonly destination: string;
  readonly config: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** Speaks with a host by ssh. */
export function createSsh({ destination, config, env }: Way): Ssh {
  if (!DESTINATION.test(destination)) {
    const message = `${destination} is no destination for ssh.`;
    throw new UserError([{ code: 'usage', message, remedy: 'Write user@host.' }]);
  }
  const args = [
    ...(config === undefined ? [] : ['-F', config]),
    ...OPTIONS.flatMap((option) => ['-o', option]),
    ...['-T', '--', destination],
  ];
  const exchange = async (remote: string, { script, timeoutMs }: Request): Promise<readonly string[]> =>
    attempt(destination, () =>
      runCommand({ command: 'ssh', args: [...args, remote], env, input: script, timeoutMs }),
    );
  return {
    destination,
    run: (request) => exchange('/bin/sh -s', request),
    runAsRoot: ({ program = '/bin/sh -s', ...request }) => exchange(asRoot(program), request),
    send: async (file, name, timeoutMs) => {
      if (!SENT_NAME.test(name)) throw new TypeError(`${name} is no name to send a file by.`);
      const place = `${HOST_LAYOUT.incoming}/${name}`;
      const { size } = await stat(file);
      const take = `cat > ${place}.part && [ "$(wc -c < ${place}.part)" -eq ${size} ] && mv ${place}.part ${place}`;
      // The file is no text to be held in memory: a shell opens it for ssh.
      const open = ['-c', 'file=$1; shift; exec ssh "$@" < "$file"', 'sh', file, ...args];
      const shell = { command: '/bin/sh', args: [...open, asRoot(`/bin/sh -c '${take}'`)] };
      await attempt(destination, () => runCommand({ ...shell, env, timeoutMs }));
    },
  };
}

function asRoot(program: string): string {
  return `[ "$(id -u)" = 0 ] || exec sudo -n ${program}; exec ${program}`;
}

async function attempt(
  destination: string,
  run: () => ReturnType<typeof runCommand>,
): Promise<readonly string[]> {
  for (let tried = 1; ; tried += 1) {
    const end = await run();
    if (end.code === 0) return linesOf(end.stdout);
    if (end.code === NOT_REACHED && tried < ATTEMPTS) {
      await sleep(PAUSE_MS);
      continue;
    }
    const words = linesOf(end.stderr).slice(-QUOTED_LINES).join(' | ') || 'nothing';
    throw failed(
      destination,
      end.code,
      end.ended === 'timed-out' ? `silence until the time was up, after: ${words}` : words,
    );
  }
}

function failed(destination: string, code: number | undefined, words: string): UserError {
  const where = { kind: 'endpoint', endpoint: destination } as const;
  const said = words.endsWith('.') ? words : `${words}.`;
  if (code === NOT_REACHED) {
    const remedy = `\`ssh ${destination} true\` has to work without a question: the host's key known, yours accepted there.`;
    return new UserError([{ code: 'ssh-failed', message: `ssh failed: ${said}`, remedy, where }]);
  }
  const remedy = 'Mend that on the host, and run this again: what is done stays.';
  return new UserError([{ code: 'host-command-failed', message: `The host said: ${said}`, remedy, where }]);
}
