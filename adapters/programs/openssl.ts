import { UserError } from '../../core/errors.ts';
import { runCommand } from '../run-command.ts';

const TIMEOUT_MS = 60_000;

/** Arguments of `openssl req` for a new key on the curve P-256, not encrypted. */
export const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Runs OpenSSL in a folder; what it writes is for its owner alone. Rejects with a UserError that says `remedy` where it fails. */
export async function runOpenssl(
  cwd: string,
  args: readonly string[],
  { env, remedy }: { readonly env: Readonly<Record<string, string | undefined>>; readonly remedy: string },
): Promise<void> {
  // Keys are for their owner alone from the moment they are written.
  const shell = ['-c', 'umask 077; exec openssl "$@"', 'sh', ...args];
  const end = await runCommand({ command: '/bin/sh', args: shell, cwd, env, timeoutMs: TIMEOUT_MS });
  if (end.code === 0) return;
  throw new UserError([
    { code: 'openssl-failed', message: `openssl ${args[0]} failed: ${end.stderr.trim()}`, remedy },
  ]);
}
