import { sign } from 'node:crypto';
import { z } from 'zod';
import { epochMs, foreignInstantSchema } from '../../core/instant.ts';
import { exchangeHttp, type HttpExchange } from '../machine/exchange-http.ts';
import type { Exchange } from '../machine/reach-out.ts';
import { askGitHub } from './ask-github.ts';
import type { DispatchTarget } from './dispatch-target.ts';

/** An App's own token lives ten minutes at most (docs.github.com, "Generating a JSON Web Token"); clocks may differ by one. */
const JWT_SECONDS = 540;
const CLOCK_SLACK_SECONDS = 60;
const TIMEOUT_MS = 20_000;
/** An installation's token is renewed so long before it expires, in ms. */
const RENEW_BEFORE_MS = 5 * 60_000;

const installationSchema = z.object({ id: z.number() });
const tokenSchema = z.object({ token: z.string(), expires_at: foreignInstantSchema });

/** Gives a token that may dispatch, at this instant (ms since 1970). Rejects when GitHub mints none. */
export type TokenSource = (now: number) => Promise<string>;

/** The token itself, or, for a GitHub App, one minted for this repository and nothing but its contents, kept until it expires. */
export function createTokenSource(target: DispatchTarget, exchange: Exchange = exchangeHttp): TokenSource {
  const { credential } = target;
  if (credential.kind === 'token') return async () => credential.token;
  let minted: { readonly token: string; readonly until: number } | undefined;
  return async (now) => {
    if (minted === undefined || now >= minted.until - RENEW_BEFORE_MS) {
      const { token, expires_at: expiresAt } = await mint(target, signJwt(credential, now), exchange);
      minted = { token, until: epochMs(expiresAt) };
    }
    return minted.token;
  };
}

async function mint(
  target: DispatchTarget,
  jwt: string,
  exchange: Exchange,
): Promise<z.infer<typeof tokenSchema>> {
  const headers = { accept: 'application/vnd.github+json', authorization: `Bearer ${jwt}` };
  const { apiUrl, repository } = target;
  const found = await call(exchange, { url: `${apiUrl}/repos/${repository}/installation`, headers });
  const { id } = installationSchema.parse(found);
  const minted = await call(exchange, {
    url: `${apiUrl}/app/installations/${id}/access_tokens`,
    method: 'POST',
    headers,
    json: { repositories: [repository.split('/')[1]], permissions: { contents: 'write' } },
  });
  return tokenSchema.parse(minted);
}

async function call(exchange: Exchange, request: Omit<HttpExchange, 'timeoutMs'>): Promise<unknown> {
  const { method = 'GET', url, headers } = request;
  const agent = { 'user-agent': 'trainyard-agent', ...headers };
  const { status, text } = await askGitHub(exchange, { ...request, headers: agent, timeoutMs: TIMEOUT_MS });
  if (status >= 200 && status < 300) return JSON.parse(text);
  throw new Error(
    `${method} ${url} answered ${status}: ${text.slice(0, 200)}. Check the App’s id and key, and that it is installed on this repository with write access to contents.`,
  );
}

/** RS256, as GitHub wants it. */
function signJwt(app: { readonly appId: string; readonly privateKey: string }, now: number): string {
  const seconds = Math.floor(now / 1_000);
  const claims = { iat: seconds - CLOCK_SLACK_SECONDS, exp: seconds + JWT_SECONDS, iss: app.appId };
  const text = [{ alg: 'RS256', typ: 'JWT' }, claims].map(encode).join('.');
  return `${text}.${sign('sha256', Buffer.from(text), app.privateKey).toString('base64url')}`;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
