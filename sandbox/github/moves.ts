import type { Repository } from './repository.ts';

/** A path of the API, or of git, that names a repository. */
const NAMED = /^(?<api>\/repos)?\/(?<name>[^/]+\/[^/]+?)(?<git>\.git)?(?<rest>\/.*)?$/;

/**
 * Where a path that names the repository as it was called before leads now, or `undefined`: GitHub's API sends on to its number, git
 * to its name.
 */
export function findMove({ id, fullName, formerNames }: Repository, path: string): string | undefined {
  const { api, name = '', git = '', rest = '' } = NAMED.exec(path)?.groups ?? {};
  if (!formerNames.has(name)) return undefined;
  return api === undefined ? `/${fullName}${git}${rest}` : `/repositories/${id}${rest}`;
}

/** The same path, with the repository's name where it had its number. */
export function nameById({ id, fullName }: Repository, path: string): string {
  const byId = `/repositories/${id}`;
  return path === byId || path.startsWith(`${byId}/`) ? `/repos/${fullName}${path.slice(byId.length)}` : path;
}
