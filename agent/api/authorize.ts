import { timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { type AccessToken, hashToken, type Role } from '../options/tokens.ts';
import { answerProblem } from './problem.ts';
import { refuse } from './refusal.ts';

const RANK: Readonly<Record<Role, number>> = { reader: 0, labeler: 1, deployer: 2 };

/** Lets a request pass that bears a token with this role or a higher one. */
export function authorize(tokens: readonly AccessToken[], needed: Role): MiddlewareHandler {
  return async (context, next) => {
    const token = /^Bearer (?<token>\S+)$/i.exec(context.req.header('authorization') ?? '')?.groups?.[
      'token'
    ];
    const role = token === undefined ? undefined : findRole(tokens, token);
    if (role === undefined) {
      context.header('www-authenticate', 'Bearer');
      const remedy = 'Send "Authorization: Bearer <token>" with a token this agent was given.';
      return answerProblem(context, refuse(401, 'token-invalid', 'No known token came with it.', remedy));
    }
    if (RANK[role] < RANK[needed]) {
      const message = `It needs the role ${needed}; this token has ${role}.`;
      return answerProblem(
        context,
        refuse(403, 'role-too-low', message, `Use a token with the role ${needed}.`),
      );
    }
    return next();
  };
}

function findRole(tokens: readonly AccessToken[], token: string): Role | undefined {
  const hash = hashToken(token);
  return tokens.find((known) => timingSafeEqual(known.hash, hash))?.role;
}
