/** What a message of the world carries: never more than a text. */
type Init = {
  readonly headers?: ConstructorParameters<typeof Headers>[0];
  readonly body?: string;
  readonly method?: string;
  readonly status?: number;
};

/**
 * A message whose body is there already. Those of Node are made for bodies that come in parts: a stream, a signal and a guard for each,
 * which would be a seventh of what a schedule costs.
 */
class Message {
  readonly #given: Init['headers'];
  readonly #text: string | null;
  #headers: Headers | undefined;

  constructor(text: string | null, headers: Init['headers']) {
    this.#text = text;
    this.#given = headers;
  }

  get headers(): Headers {
    this.#headers ??= this.#given instanceof Headers ? this.#given : new Headers(this.#given);
    return this.#headers;
  }

  /** The bytes as they come: all at once. */
  get body(): AsyncIterable<Uint8Array> | null {
    const text = this.#text;
    if (text === null) return null;
    return (async function* () {
      yield Buffer.from(text);
    })();
  }

  async text(): Promise<string> {
    return this.#text ?? '';
  }

  async json(): Promise<unknown> {
    return JSON.parse(this.#text ?? '');
  }
}

/** Stands in for Node's `Request`. */
export class WorldRequest extends Message {
  readonly url: string;
  readonly method: string;

  constructor(url: string | URL, { method = 'GET', headers, body }: Init = {}) {
    super(body ?? null, headers);
    this.url = String(url);
    this.method = method;
  }
}

/** Stands in for Node's `Response`. */
export class WorldResponse extends Message {
  readonly status: number;

  constructor(body: string | null = null, { status = 200, headers }: Init = {}) {
    super(body, headers);
    this.status = status;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }
}
