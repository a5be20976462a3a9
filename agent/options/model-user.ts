import { readFileSync } from 'node:fs';
import { err, ok, type Result } from '../../core/result.ts';

/** A user and group of the machine, by number. */
export type ModelUser = { readonly uid: number; readonly gid: number };

const PASSWD = '/etc/passwd';

/**
 * The user that model servers are to run as, from its name or from `uid:gid`; an error is what is wrong. Only root may start processes
 * as somebody else, and nothing is gained by root again.
 */
export function findModelUser(
  text: string,
  { own, passwd = readPasswd }: { readonly own: number | undefined; readonly passwd?: () => string },
): Result<ModelUser, string> {
  if (own !== 0) return err('the agent has to run as root to start model servers as another user');
  const numbers = /^(?<uid>\d+):(?<gid>\d+)$/.exec(text)?.groups;
  const user = numbers ?? findByName(passwd(), text);
  if (user === undefined)
    return err(`${PASSWD} has no user ${text}; write uid:gid where users come from elsewhere`);
  const [uid, gid] = [Number(user['uid']), Number(user['gid'])];
  return uid === 0 ? err('it is root itself') : ok({ uid, gid });
}

function findByName(passwd: string, name: string): Readonly<Record<string, string>> | undefined {
  const fields = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find(([known]) => known === name);
  const [, , uid, gid] = fields ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

function readPasswd(): string {
  return readFileSync(PASSWD, 'utf8');
}
