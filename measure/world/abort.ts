type Listener = () => void;

/** What is to end, without the events of Node's: every wait of an agent has one. */
class WorldSignal {
  aborted = false;
  reason: unknown;
  readonly listeners = new Set<Listener>();

  addEventListener(_type: 'abort', listener: Listener): void {
    this.listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: Listener): void {
    this.listeners.delete(listener);
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }
}

/** Why something was ended that nobody gave a reason for. */
const ENDED = new DOMException('This operation was aborted', 'AbortError');

/** Stands in for Node's `AbortController`. */
export class WorldAbortController {
  readonly signal = new WorldSignal();

  abort(reason: unknown = ENDED): void {
    const { signal } = this;
    if (signal.aborted) return;
    signal.aborted = true;
    signal.reason = reason;
    for (const listener of signal.listeners) listener();
    signal.listeners.clear();
  }
}
