import { timingSafeEqual } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { ROLES, type Role } from '../../core/serving/route.ts';
import type { ApiCall } from '../http/call.ts';
import { type AccessToken, hashToken } from '../options/tokens.ts';
import { Refusal } from './refusal.ts';

/** Gives the token that a request bears. Throws a Refusal where it bears none that is known. */
export function identify(
  { header, answer }: Pick<ApiCall, 'header' | 'answer'>,
  tokens: readonly AccessToken[],
): AccessToken {
  const shown = header('authorization') ?? '';
  const token = /^Bearer (?<token>\S+)$/i.exec(shown)?.groups?.['token'];
  const known = token === undefined ? undefined : findToken(tokens, token);
  if (known !== undefined) return known;
  answer.headers['www-authenticate'] = 'Bearer';
  throw new Refusal({
    status: 401,
    code: 'token-invalid',
    message: 'No known token came with it.',
    remedy:
      'Send "Authorization: Bearer <token>" with a token this agent was given; jobs have it from the secret TRAINYARD_AGENT_TOKEN.',
  });
}

/** Throws a Refusal where clients are asked for a certificate, and this one showed none that the authorities vouch for. */
export function requireCertificate(call: Pick<ApiCall, 'socket'>): void {
  const socket = call.socket instanceof TLSSocket ? call.socket : undefined;
  const shown = socket?.getPeerX509Certificate();
  // A session of TLS 1.3 that is taken up again counts as authorized in some versions of Node, also where no certificate ever was shown.
  if (socket?.authorized === true && shown !== undefined) return;
  const why = socket?.authorizationError;
  throw new Refusal({
    status: 401,
    code: 'client-certificate-needed',
    message:
      shown === undefined
        ? 'No client certificate came with it, and this agent asks for one.'
        : `The client certificate that came with it is not one of the authorities that this agent trusts (${why}).`,
    remedy:
      'Name a file (PEM) with a certificate of an authority in --tls-client-ca, and its key: TRAINYARD_CLIENT_CERT_FILE where jobs run.',
  });
}

/** Throws a Refusal where the token has neither this role nor a higher one. */
export function requireRole({ role }: AccessToken, needed: Role): void {
  if (covers(role, needed)) return;
  throw new Refusal({
    status: 403,
    code: 'role-too-low',
    message: `It needs the role ${needed}; this token has ${role}.`,
    remedy: `Use a token with the role ${needed}.`,
  });
}

/** Whether a token that was known before is among these, with this role or a higher one. */
export function isStillGood(token: AccessToken, needed: Role, tokens: readonly AccessToken[]): boolean {
  return tokens.some(({ role, hash }) => covers(role, needed) && hash.equals(token.hash));
}

function covers(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

function findToken(tokens: readonly AccessToken[], token: string): AccessToken | undefined {
  const hash = hashToken(token);
  return tokens.find((known) => timingSafeEqual(known.hash, hash));
}
