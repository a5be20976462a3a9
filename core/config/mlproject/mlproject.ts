import type { Scalar } from '../config.ts';

/** A parameter of an entry point. `type` is as it is written; MLflow itself knows `string`, `float`, `path` and `uri`. */
type ProjectParameter = {
  readonly type: string;
  /** Whether a run has to give a value. */
  readonly isRequired: boolean;
  /** What is taken otherwise, where trainyard.yml can say the same: a list stays MLproject's own. */
  readonly default?: Scalar;
};

/** One entry point: what it takes, what it runs, and the line that it stands on. */
export type EntryPoint = {
  /** Absent where the file says none. */
  readonly command?: string;
  readonly parameters: Readonly<Record<string, ProjectParameter>>;
  readonly line: number;
};

/** An MLproject file. */
export type Mlproject = {
  /** As problems name it. */
  readonly file: string;
  /** The entry points that it names; one that is a script of the folder needs no name. */
  readonly entryPoints: Readonly<Record<string, EntryPoint>>;
  /** `docker_env: environment`: variables of the container, and the values of those that are not the job's own. */
  readonly containerVariables: readonly { readonly name: string; readonly value?: string }[];
  /** `docker_env: image` and `volumes`: words of the line that starts it. */
  readonly containerWords: readonly string[];
};

/** As MLflow tells an address from a folder. */
const ADDRESS = /^(?:git@|[a-z+]+:\/\/|git\+)/;

/** Whether a project (`project.uri`) lies in another repository than the configuration. */
export function isElsewhere(uri: string): boolean {
  return ADDRESS.test(uri);
}

/** Whether MLflow clones it, at a version. A `file://` address is a folder to it, which it works in, and a zip file has one state. */
export function isCloned(uri: string): boolean {
  return isElsewhere(uri) && !uri.startsWith('file:') && !/\.zip(?:#|$)/.test(uri);
}

/** One of its entry points; `undefined` where it names none so. */
export function findEntryPoint({ entryPoints }: Mlproject, name: string): EntryPoint | undefined {
  return Object.hasOwn(entryPoints, name) ? entryPoints[name] : undefined;
}
