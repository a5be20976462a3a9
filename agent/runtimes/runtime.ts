import type { PackageManifest } from '../../core/serving/package-manifest.ts';

/** What a runtime is asked to run, and where its files are. */
export type Launch = {
  readonly model: string;
  readonly version: string;
  readonly manifest: PackageManifest;
  /** The package's payload on disk (`.mar`), by its digest. */
  readonly payloadFile: string;
  /** Folder that is the instance's own: configuration, logs, temporary files. Emptied before each start. */
  readonly workFolder: string;
  /** Folder the handler writes its counts to (`capture`); kept between starts. */
  readonly captureFolder: string;
  readonly captureSeconds: number;
  /** Digests of handlers that whoever asked for it knows, beside those of this version. */
  readonly handlers?: readonly string[] | undefined;
  /** This very package has served on this host: it may start again whatever this version knows. */
  readonly hasServed?: boolean;
};

/**
 * What TorchServe is told by its environment, wherever it runs: the handler reads bodies itself, and faster; and how long one may be once it is
 * unpacked.
 */
export function bodyVariables(maxBodyBytes: number): Readonly<Record<string, string>> {
  return { TS_DECODE_INPUT_REQUEST: 'false', TRAINYARD_MAX_BODY_BYTES: String(maxBodyBytes) };
}

/** What a runtime must know to find its instance again; opaque to everyone else, and stored as JSON. */
export type RuntimeHandle = Readonly<Record<string, string | number>>;

/** `serving`: loaded and answering. `loading`: alive, not yet answering. `failing`: it can't load. `gone`: nothing runs. */
export type Health =
  | { readonly kind: 'serving' }
  | { readonly kind: 'loading'; readonly detail: string }
  | { readonly kind: 'failing'; readonly detail: string; readonly code?: string }
  | { readonly kind: 'gone'; readonly detail: string };

/**
 * Where model servers run. Each instance is one server with one model version, which outlives the agent. Every call may be
 * made again after a crash at any point: `start` finds an instance it already started, `stop` of one that is gone is nothing.
 */
export type Runtime = {
  readonly kind: 'process' | 'docker';
  /** Chooses what identifies the instance (ports, names) before anything runs, so that it can be stored first. */
  readonly prepare: (launch: Launch) => Promise<RuntimeHandle>;
  /** Starts it, or adopts it when it runs. Gives the handle to store. */
  readonly start: (launch: Launch, handle: RuntimeHandle) => Promise<RuntimeHandle>;
  readonly check: (model: string, handle: RuntimeHandle) => Promise<Health>;
  /** Ends it and waits for the end. */
  readonly stop: (handle: RuntimeHandle) => Promise<void>;
  /** Loopback port that takes `POST /predictions/{model}`. */
  readonly port: (handle: RuntimeHandle) => number;
  /** Pids of everything that runs of it, in this host's own numbers. */
  readonly processes: (handle: RuntimeHandle) => Promise<readonly number[]>;
  /** Ends instances of this agent that its store does not know: left by a crash between a start and its record. Gives their names. */
  readonly sweep: (known: readonly RuntimeHandle[]) => Promise<readonly string[]>;
};
