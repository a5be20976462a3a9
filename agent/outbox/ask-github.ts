import type { HttpAnswer, HttpExchange } from '../machine/exchange-http.ts';
import type { Exchange } from '../machine/reach-out.ts';

/** What GitHub answers of a repository that was renamed or transferred (its REST best practices, "Follow redirects"). */
const MOVED = new Set([301, 302, 307, 308]);
const MAX_MOVES = 3;

/**
 * Asks GitHub, and asks again, with the same method and body, where a renamed repository is now. The token goes to no other origin:
 * an answer that leads to one is given as it is.
 */
export async function askGitHub(exchange: Exchange, request: HttpExchange): Promise<HttpAnswer> {
  let { url } = request;
  for (let moves = 0; ; moves += 1) {
    const answer = await exchange({ ...request, url });
    const { location } = answer.headers;
    if (!MOVED.has(answer.status) || location === undefined || moves === MAX_MOVES) return answer;
    const next = new URL(location, url);
    if (next.origin !== new URL(url).origin) return answer;
    url = next.href;
  }
}
