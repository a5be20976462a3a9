import type { ScreenEvent } from '../../../core/serving/screen/screen-routes.ts';

/** Nothing at all for so long is a dead connection, in ms: the agent gives a sign of life every 15 s. */
const SILENT_MS = 40_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

/** What becomes of the connection. */
type FeedListener = {
  readonly onEvent: (event: ScreenEvent) => void;
  /** Why nothing comes, in a sentence; it is tried again. */
  readonly onLost: (why: string) => void;
  /** The agent wants another token. */
  readonly onRefused: (why: string) => void;
};

/** Listens until the signal, or until the agent refuses the token. An EventSource would send none. */
export async function followEvents(
  token: string,
  listener: FeedListener,
  signal: AbortSignal,
): Promise<void> {
  for (let retryMs = FIRST_RETRY_MS; !signal.aborted; retryMs = Math.min(2 * retryMs, LAST_RETRY_MS)) {
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const answer = await ask('/v1/events', token, attempt.signal);
      if (answer.status === 401 || answer.status === 403) return listener.onRefused(await readDetail(answer));
      if (!answer.ok) listener.onLost(await readDetail(answer));
      else {
        await readEvents(answer, attempt, (event) => {
          retryMs = FIRST_RETRY_MS;
          listener.onEvent(event);
        });
        if (!signal.aborted) listener.onLost('The agent has ended the connection.');
      }
    } catch {
      if (!signal.aborted)
        listener.onLost('The agent does not answer. Predictions may be served all the same.');
    } finally {
      signal.removeEventListener('abort', stop);
    }
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

/** Asks the agent for something with the token. */
export function ask(path: string, token: string, signal: AbortSignal): Promise<Response> {
  return fetch(path, { headers: { authorization: `Bearer ${token}` }, cache: 'no-store', signal });
}

async function readDetail(answer: Response): Promise<string> {
  const { detail } = await answer.json();
  return String(detail);
}

async function readEvents(
  { body }: Response,
  attempt: AbortController,
  onEvent: (event: ScreenEvent) => void,
): Promise<void> {
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  let silence = setTimeout(() => attempt.abort(), SILENT_MS);
  let text = '';
  for (;;) {
    const piece = await reader?.read();
    clearTimeout(silence);
    if (piece === undefined || piece.done) return;
    silence = setTimeout(() => attempt.abort(), SILENT_MS);
    const blocks = (text + piece.value).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = block.split('\n').find((line) => line.startsWith('data: '));
      if (data !== undefined) onEvent(JSON.parse(data.slice('data: '.length)));
    }
  }
}
