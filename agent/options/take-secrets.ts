import { closeSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { UserError } from '../../core/errors.ts';
import { OPTIONS } from './table.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Says that secrets wait on this descriptor. */
const WAITING = 'TRAINYARD_AGENT_SECRETS_WAIT';
const DESCRIPTOR = 3;
const HANDOVER = 'TRAINYARD_AGENT_HANDOVER';

/** Puts what is handed over into a pipe, forgets it, and goes on as the program it was given. */
const HAND_OVER = `
exec ${DESCRIPTOR}<<END
$${HANDOVER}
END
unset ${HANDOVER}
${WAITING}=1 exec "$0" "$@"
`;

const secretsSchema = z.record(z.string(), z.string());

/**
 * The environment with the secrets in it, of a process whose own environment holds none: a process's first environment stays readable
 * in /proc for whoever runs as the same user, as model servers may. Where secrets came with the environment, this process begins
 * anew without them, once, under the same pid, and finds them in a pipe.
 */
export function takeSecrets(env: Environment): Environment {
  if (env[WAITING] !== undefined) return { ...env, ...readWaiting() };
  const names = OPTIONS.filter(({ kind }) => kind === 'secret').map(({ variable }) => variable);
  const given = Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
  if (Object.keys(given).length === 0) return env;
  const rest = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === undefined || name in given ? [] : [[name, value] as const],
    ),
  );
  const program = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const handover = Buffer.from(JSON.stringify(given)).toString('base64');
  try {
    process.execve?.('/bin/sh', ['sh', '-c', HAND_OVER, ...program], { ...rest, [HANDOVER]: handover });
  } catch (cause) {
    throw exposed(cause);
  }
  throw exposed(undefined);
}

function readWaiting(): Readonly<Record<string, string>> {
  const text = readFileSync(DESCRIPTOR, 'utf8');
  // No child is to inherit it.
  closeSync(DESCRIPTOR);
  return secretsSchema.parse(JSON.parse(Buffer.from(text, 'base64').toString()));
}

function exposed(cause: unknown): UserError {
  return new UserError(
    [
      {
        code: 'secrets-exposed',
        message:
          'Secrets in the environment would be readable for model servers, and /bin/sh could not be run to take them out.',
        remedy: 'Give them in files: --tokens-file, --github-token-file, --dispatch-secret-file.',
      },
    ],
    { cause },
  );
}
