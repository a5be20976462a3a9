import { setTimeout as sleep } from 'node:timers/promises';
import { VERSION_HEADER } from '../../../core/names.ts';

/** One request of the model in `sleepy_model.py`. */
export const BODY = JSON.stringify({ dataframe_records: [{ a: 0.1, b: 0.4, c: 0.2, d: 0.9 }] });
const TIMEOUT_MS = 30_000;
const CLIENTS = 4;

/** Asks for one prediction; gives the version that answered. Rejects when it is not answered 200. */
export async function predict(url: string, body = BODY): Promise<string | null> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause) => {
    throw new Error(`${url} did not answer`, { cause });
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}: ${text}`);
  return response.headers.get(VERSION_HEADER);
}

/** Asks at this rate for so many seconds, or at the rate a busy machine can keep; gives how many predictions were answered. */
export async function predictSteadily(url: string, perSecond: number, seconds: number): Promise<number> {
  const startedAt = performance.now();
  const isOver = () => performance.now() - startedAt > seconds * 1_000;
  let sent = 0;
  const run = async () => {
    while (!isOver()) {
      const due = startedAt + (sent++ * 1_000) / perSecond;
      await sleep(Math.max(0, due - performance.now()));
      await predict(url);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, run));
  return sent;
}
