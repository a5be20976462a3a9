type GivenHeaders = WorldHeaders | Readonly<Record<string, string>> | undefined;

/** What a message of the world carries: never more than a text. */
type Init = {
  readonly headers?: GivenHeaders;
  readonly body?: string;
  readonly method?: string;
  readonly status?: number;
};

/** Stands in for Node's `Headers`: nothing of the world has one twice, and their names and values are checked nowhere else. */
export class WorldHeaders {
  readonly #values = new Map<string, string>();

  constructor(given: GivenHeaders = {}) {
    for (const [name, value] of given instanceof WorldHeaders ? given : Object.entries(given)) {
      this.set(name, value);
    }
  }

  get(name: string): string | null {
    return this.#values.get(name.toLowerCase()) ?? null;
  }

  set(name: string, value: string): void {
    this.#values.set(name.toLowerCase(), value);
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.#values[Symbol.iterator]();
  }
}

/**
 * A message whose body is there already. Those of Node are made for bodies that come in parts: a stream, a signal and a guard for each,
 * which would be a seventh of what a schedule costs.
 */
class Message {
  readonly #given: GivenHeaders;
  readonly #text: string | null;
  #headers: WorldHeaders | undefined;

  constructor(text: string | null, headers: GivenHeaders) {
    this.#text = text;
    this.#given = headers;
  }

  get headers(): WorldHeaders {
    this.#headers ??= new WorldHeaders(this.#given);
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
