/** One version the proxy can reach: ready, or draining. */
export type Backend = {
  readonly model: string;
  readonly version: string;
  /** Loopback port of its TorchServe. */
  readonly port: number;
  readonly timeoutSeconds: number;
};

/** How one model's requests are shared out. Versions that are no backend get none. */
export type Split = {
  readonly model: string;
  readonly stable: string | undefined;
  readonly candidate: string | undefined;
  /** Share of the candidate, 0 … 100. */
  readonly candidatePercent: number;
  readonly shadow: boolean;
  /** A request would be answered by one of them. */
  readonly isAnswered: boolean;
};

/** Everything the proxy is to do. Pure data; the same plan gives the same configuration. */
export type TrafficPlan = {
  readonly backends: readonly Backend[];
  readonly splits: readonly Split[];
  /** The model that is asked at `/invocations`, where a request names none. */
  readonly unnamed: string | undefined;
};

/** The proxy's name for a version, in its configuration and statistics. */
export function clusterName(model: string, version: string): string {
  return `${model}@${version}`;
}

/** The same version for requests that pin it: apart, so that a person's trial is no evidence in a rollout. */
export function pinnedClusterName(model: string, version: string): string {
  return `${clusterName(model, version)}-pinned`;
}

/**
 * The same version for copies of requests: apart, so that those that are open when the version gets requests of its own are not counted
 * among them. They are the slow ones.
 */
export function shadowClusterName(model: string, version: string): string {
  return `${clusterName(model, version)}-shadow`;
}

/** All names that the proxy has for a version. */
export function clusterNames(model: string, version: string): readonly string[] {
  return [clusterName, pinnedClusterName, shadowClusterName].map((nameOf) => nameOf(model, version));
}
