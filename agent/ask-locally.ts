import { UserError } from '../core/errors.ts';
import { problemSchema } from '../core/serving/api.ts';
import { exchangeHttp, type HttpExchange } from './machine/exchange-http.ts';
import { localSocket } from './options/options.ts';

/** Time for the agent to tell the proxy, in ms. */
const ANSWER_TIMEOUT_MS = 60_000;

/** What the agent is asked at its socket. */
type Asked = Pick<HttpExchange, 'method' | 'json'> & { readonly path: string; readonly timeoutMs?: number };

/**
 * Asks the agent that runs on this folder, at the socket that its user alone can open. Gives the answer's JSON, and `undefined` where no
 * agent runs. What the agent refuses is a UserError.
 */
export async function askLocally(dataDir: string, { path, timeoutMs, ...rest }: Asked): Promise<unknown> {
  try {
    const { status, text } = await exchangeHttp({
      ...rest,
      url: `http://agent${path}`,
      socketPath: localSocket(dataDir),
      timeoutMs: timeoutMs ?? ANSWER_TIMEOUT_MS,
    });
    const answer: unknown = JSON.parse(text);
    if (status === 200) return answer;
    const { code, detail, remedy } = problemSchema.parse(answer);
    throw new UserError([{ code, message: detail, remedy }]);
  } catch (thrown) {
    if (isNobodyThere(thrown)) return undefined;
    throw thrown;
  }
}

function isNobodyThere(thrown: unknown): boolean {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return (
    cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED')
  );
}
