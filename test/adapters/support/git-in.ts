import { execFileSync } from 'node:child_process';

const AUTHOR = {
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@b',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@b',
};

/** Git in that folder, with an author whoever runs it; gives what it prints. */
export function gitIn(folder: string): (...args: readonly string[]) => string {
  const env = { ...process.env, ...AUTHOR };
  return (...args) => execFileSync('git', ['-C', folder, ...args], { env, encoding: 'utf8' }).trim();
}
