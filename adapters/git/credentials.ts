import type { RunCommand } from '../../core/ports.ts';
import { type GitSetting, runGit } from './run.ts';

const CONFIG_TIMEOUT_MS = 10_000;

/** The setting that sends `token` to the remote's own host and to no other; none for remotes that are not http. */
export function tokenSettings(remote: string, token: string): readonly GitSetting[] {
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  return headerSettings(remote, `AUTHORIZATION: basic ${basic}`);
}

/** What a checkout's git would send to the remote, as `actions/checkout` left it there; empty when it has nothing. */
export async function checkoutSettings(
  checkout: string,
  remote: string,
  run?: RunCommand,
): Promise<readonly GitSetting[]> {
  if (originOf(remote) === undefined) return [];
  const args = ['config', '--get-urlmatch', 'http.extraheader', remote];
  const found = await runGit({ folder: checkout, args, timeoutMs: CONFIG_TIMEOUT_MS }, run);
  const header = found.stdout.toString('utf8').trim();
  return found.code === 0 && header !== '' ? headerSettings(remote, header) : [];
}

/** The address of `origin` of a checkout; `undefined` when it has none. */
export async function findRemote(checkout: string, run?: RunCommand): Promise<string | undefined> {
  const args = ['remote', 'get-url', 'origin'];
  const found = await runGit({ folder: checkout, args, timeoutMs: CONFIG_TIMEOUT_MS }, run);
  const remote = found.stdout.toString('utf8').trim();
  return found.code === 0 && remote !== '' ? remote : undefined;
}

/** A remote's address, or a text that quotes it, without user names and passwords. */
export function withoutCredentials(text: string): string {
  return text.replaceAll(/(?<scheme>[a-z][a-z0-9+.-]*:\/\/)[^/\s@]+@/gi, '$<scheme>');
}

function headerSettings(remote: string, header: string): readonly GitSetting[] {
  const origin = originOf(remote);
  return origin === undefined ? [] : [[`http.${origin}/.extraheader`, header]];
}

function originOf(remote: string): string | undefined {
  const parsed = URL.parse(remote);
  return parsed !== null && /^https?:$/.test(parsed.protocol) ? parsed.origin : undefined;
}
