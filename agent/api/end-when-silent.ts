import type { Clock } from '../../core/ports.ts';
import { Refusal } from './refusal.ts';

type Patience = { readonly clock: Pick<Clock, 'wait'>; readonly idleSeconds: number };

/**
 * The same bytes as they come, for as long as they come: an upload may take what its size needs, and one that stands still for
 * `idleSeconds` is refused.
 */
export async function* endWhenSilent(
  content: AsyncIterable<Uint8Array>,
  { clock, idleSeconds }: Patience,
): AsyncGenerator<Uint8Array> {
  const chunks = content[Symbol.asyncIterator]();
  for (;;) {
    const arrival = new AbortController();
    const next = chunks.next();
    const silence = clock
      .wait(1_000 * idleSeconds, arrival.signal)
      .catch(() => undefined)
      .then(() => 'silent' as const);
    let isHandedOut = false;
    try {
      const came = await Promise.race([next, silence]);
      if (came === 'silent') throw stalled(idleSeconds);
      if (came.done === true) return;
      isHandedOut = true;
      yield came.value;
      isHandedOut = false;
    } catch (thrown) {
      // Whoever waits for the rest of it no longer hears of its end.
      next.catch(() => undefined);
      throw thrown;
    } finally {
      arrival.abort();
      // Whoever stopped at a chunk lets the sender go. While one is on its way that would wait for it.
      if (isHandedOut) await chunks.return?.();
    }
  }
}

function stalled(idleSeconds: number): Refusal {
  return new Refusal({
    status: 408,
    code: 'upload-stalled',
    message: `Nothing more of the file came for ${idleSeconds} s.`,
    remedy: 'Send it again from its beginning; look at the way to this host when it stalls again.',
  });
}
