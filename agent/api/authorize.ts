import { timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { ROLES, type Role } from '../../core/serving/route.ts';
import { type AccessToken, hashToken } from '../options/tokens.ts';
import { Refusal } from './refusal.ts';

/** Refuses a request that bears no token with this role or a higher one. */
export function authorize(context: Context, tokens: readonly AccessToken[], needed: Role): void {
  const header = context.req.header('authorization') ?? '';
  const token = /^Bearer (?<token>\S+)$/i.exec(header)?.groups?.['token'];
  const role = token === undefined ? undefined : findRole(tokens, token);
  if (role === undefined) {
    context.header('www-authenticate', 'Bearer');
    throw new Refusal({
      status: 401,
      code: 'token-invalid',
      message: 'No known token came with it.',
      remedy:
        'Send "Authorization: Bearer <token>" with a token this agent was given; jobs have it from the secret TRAINYARD_AGENT_TOKEN.',
    });
  }
  if (ROLES.indexOf(role) < ROLES.indexOf(needed)) {
    throw new Refusal({
      status: 403,
      code: 'role-too-low',
      message: `It needs the role ${needed}; this token has ${role}.`,
      remedy: `Use a token with the role ${needed}.`,
    });
  }
}

function findRole(tokens: readonly AccessToken[], token: string): Role | undefined {
  const hash = hashToken(token);
  return tokens.find((known) => timingSafeEqual(known.hash, hash))?.role;
}
