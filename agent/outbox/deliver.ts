import { parseRetryAfter } from '../../adapters/network/http.ts';
import { messageOf } from '../../core/errors.ts';
import { addSeconds, epochMs } from '../../core/instant.ts';
import type { DispatchType } from '../../core/names.ts';
import { MAX_REPORT_AGE_DAYS } from '../../core/serving/dispatch-payload.ts';
import type { AgentContext } from '../context.ts';
import type { HttpAnswer } from '../machine/exchange-http.ts';
import type { OutboxEntry } from '../store/outbox-entry.ts';
import { askGitHub } from './ask-github.ts';
import type { TokenSource } from './github-token.ts';

const TIMEOUT_MS = 20_000;
/** The wait after attempt n is base · 2ⁿ, at most the cap, less up to half by chance, in ms. */
const BACKOFF_BASE_MS = 2_000;
const BACKOFF_CAP_MS = 600_000;
/** GitHub asks for at least a minute's pause after a refusal for rate without a header (its REST best practices). */
const RATE_PAUSE_MS = 60_000;
const SECONDS_PER_DAY = 86_400;

type Delivery = {
  readonly type: DispatchType;
  readonly tokens: TokenSource;
  readonly random?: () => number;
};

/**
 * Delivers the due reports of one type until none is due. One that fails waits, each time longer; one that arrives lets all others go
 * at once. At least once: killed between an answer and its record, a report is sent again under the same id, and the receiver drops
 * the replay.
 */
export async function deliverReports(
  context: AgentContext,
  { type, tokens, random = Math.random }: Delivery,
): Promise<void> {
  const { store, clock, options, log } = context;
  if (options.dispatch === undefined) return;
  const stale = addSeconds(clock.now(), -MAX_REPORT_AGE_DAYS * SECONDS_PER_DAY);
  const expired = store.outbox.expire(stale);
  if (expired > 0) log.warn(`${expired} reports were given up after ${MAX_REPORT_AGE_DAYS} days offline`);
  for (;;) {
    const entry = store.outbox.next(type, clock.now());
    if (entry === undefined) return;
    const outcome = await send(context, tokens, entry);
    if (outcome.kind === 'delivered') {
      store.outbox.delivered(entry.seq, clock.now());
      store.outbox.hurry(clock.now());
      continue;
    }
    const backoff = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** entry.attempts) * (1 - random() / 2);
    const due = addSeconds(clock.now(), Math.max(backoff, outcome.afterMs) / 1_000);
    store.outbox.postponed(entry.seq, due, outcome.error);
    log.warn(`Report ${entry.payload.id} (${entry.type}) waits: ${outcome.error}`);
  }
}

type Outcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed'; readonly error: string; readonly afterMs: number };

async function send(context: AgentContext, tokens: TokenSource, entry: OutboxEntry): Promise<Outcome> {
  const { dispatch } = context.options;
  if (dispatch === undefined) return { kind: 'failed', error: 'no repository is set', afterMs: 0 };
  const url = `${dispatch.apiUrl}/repos/${dispatch.repository}/dispatches`;
  try {
    const token = await tokens(epochMs(context.clock.now()));
    const { status, headers, text } = await askGitHub(context.exchange, {
      url,
      method: 'POST',
      headers: {
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
        'user-agent': 'trainyard-agent',
        authorization: `Bearer ${token}`,
      },
      json: { event_type: entry.type, client_payload: entry.payload },
      timeoutMs: TIMEOUT_MS,
    });
    if (status >= 200 && status < 300) return { kind: 'delivered' };
    const error = `POST ${url} answered ${status}: ${text.slice(0, 200)}`;
    const now = epochMs(context.clock.now());
    return { kind: 'failed', error, afterMs: pauseOf(status, headers, now) };
  } catch (thrown) {
    return { kind: 'failed', error: messageOf(thrown), afterMs: 0 };
  }
}

/** How long GitHub asks to wait (docs.github.com, "Best practices for using the REST API"), in ms. */
function pauseOf(status: number, headers: HttpAnswer['headers'], now: number): number {
  const after = parseRetryAfter(headers['retry-after'] ?? null, now);
  if (after !== undefined) return after;
  if (status !== 403 && status !== 429) return 0;
  if (headers['x-ratelimit-remaining'] === '0') {
    return Math.max(0, Number(headers['x-ratelimit-reset'] ?? 0) * 1_000 - now);
  }
  return RATE_PAUSE_MS;
}
