import type { Config } from '../config/config.ts';
import { type Refused, refuse } from './decision.ts';
import type { PlanInput } from './plan-input.ts';

/** Whether `commands.users` names that person or app: GitHub's names do not differ in their case alone. */
export function isNamed({ commands }: Pick<Config, 'commands'>, user: string): boolean {
  return commands.users.some((name) => name.toLowerCase() === user.toLowerCase());
}

/** Refuses unless every one of the users has one of the roles that `commands.allow` lists, or is named in `commands.users`. */
export function checkPermissions(
  { config, permissions }: Pick<PlanInput, 'config' | 'permissions'>,
  users: readonly string[],
): Refused | undefined {
  const { allow } = config.commands;
  for (const user of users) {
    const level = (Object.hasOwn(permissions, user) ? permissions[user] : undefined) ?? 'none';
    if (allow.includes(level) || isNamed(config, user)) continue;
    return refuse(
      'not-allowed',
      `${user} has the role ${level} here, and commands need ${allow.join(' or ')}.`,
      `Ask someone who has it, or add ${JSON.stringify(user)} to \`commands.users\` in trainyard.yml on the default branch.`,
    );
  }
  return undefined;
}
