import { type Refused, refuse } from './decision.ts';
import type { PlanInput } from './plan-input.ts';

/** Refuses unless every one of the users has one of the roles that `commands.allow` lists. */
export function checkPermissions(
  { config, permissions }: Pick<PlanInput, 'config' | 'permissions'>,
  users: readonly string[],
): Refused | undefined {
  const { allow } = config.commands;
  for (const user of users) {
    const level = (Object.hasOwn(permissions, user) ? permissions[user] : undefined) ?? 'none';
    if (allow.includes(level)) continue;
    return refuse(
      'not-allowed',
      `${user} has the role ${level} here, and commands need ${allow.join(' or ')}.`,
      'Ask someone who has it, or change `commands.allow` in trainyard.yml on the default branch.',
    );
  }
  return undefined;
}
