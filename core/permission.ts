/** GitHub's roles in a repository, the least first: each may do all that the ones before it may. */
export const PERMISSION_LEVELS = ['none', 'read', 'triage', 'write', 'maintain', 'admin'] as const;

/** What someone may do in the repository. */
export type PermissionLevel = (typeof PERMISSION_LEVELS)[number];

/** The level of that name; `undefined` for other words, such as the name of a custom role. */
export function findPermissionLevel(name: string): PermissionLevel | undefined {
  return PERMISSION_LEVELS.find((level) => level === name);
}
