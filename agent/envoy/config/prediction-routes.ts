import { COPY_HEADER, PIN_HEADER, PROTOCOL_HEADER } from '../../../core/names.ts';
import { PERCENT_STEP } from '../../../core/rollout/rollout-plan.ts';
import { clusterName, pinnedClusterName, shadowClusterName, type TrafficPlan } from '../traffic-plan.ts';
import { refuse, setHeader, versionHeader } from './route-parts.ts';

/** Weights are in hundredths of a percent. */
const TOTAL_WEIGHT = Math.round(100 / PERCENT_STEP);
/** Time on top of the model's own limit before the proxy gives up on an answer, in s. */
const TIMEOUT_SLACK_SECONDS = 5;

/** How versions are chosen beside their weights. */
export type RouteSettings = {
  /** Requests with the same value of this header get the same version while the weights hold; by chance each when absent. */
  readonly stickyHeader?: string | undefined;
};

/** What a path's requests are written in, as the handler is told (runtime/trainyard/protocols.py). */
type Protocol = 'mlflow' | 'v2' | 'v2-metadata';

/** A path at which a model is asked. */
type PredictionPath = { readonly model: string; readonly path: string; readonly protocol: Protocol };

/** One path of a model: a version pinned by header, else the split by weight. */
export function routesOfPath(
  plan: TrafficPlan,
  asked: PredictionPath,
  { stickyHeader }: RouteSettings,
): readonly object[] {
  const { model, path, protocol } = asked;
  const own = plan.backends.filter((backend) => backend.model === model);
  const pinned = own.map(({ version }) => ({
    ...toVersion(plan, asked, version),
    match: { path, headers: [{ name: PIN_HEADER, string_match: { exact: version } }] },
  }));
  const unknownPin = {
    match: { path, headers: [{ name: PIN_HEADER, present_match: true }] },
    ...refuse(404, 'no-such-version', 'The pinned version is not served on this host.'),
  };
  const split = splitAction(plan, model, { action: toModel(plan, model), stickyHeader });
  return [
    ...pinned,
    unknownPin,
    {
      ...{ match: { path }, ...split },
      request_headers_to_add: [setHeader(PROTOCOL_HEADER, protocol)],
      request_headers_to_remove: [COPY_HEADER],
    },
  ];
}

/** One path of a version that is named by it, past the split of traffic, as if it had been pinned. */
export function routeOfVersion(
  plan: TrafficPlan,
  { version, ...asked }: PredictionPath & { readonly version: string },
): object {
  return { ...toVersion(plan, asked, version), match: { path: asked.path } };
}

/** Past the split of traffic: the handler counts nothing that is pinned. */
function toVersion(plan: TrafficPlan, { model, protocol }: PredictionPath, version: string): object {
  return {
    route: { ...toModel(plan, model), cluster: pinnedClusterName(model, version) },
    response_headers_to_add: [versionHeader(version)],
    request_headers_to_add: [setHeader(PROTOCOL_HEADER, protocol), setHeader(PIN_HEADER, version)],
  };
}

function toModel({ backends }: TrafficPlan, model: string): object {
  const own = backends.filter((backend) => backend.model === model);
  return {
    prefix_rewrite: `/predictions/${model}`,
    timeout: `${Math.max(0, ...own.map(({ timeoutSeconds }) => timeoutSeconds)) + TIMEOUT_SLACK_SECONDS}s`,
  };
}

/**
 * The stable version's share comes first: as a candidate's grows from stage to stage, those who have it keep it. Without the
 * sticky header in a request, chance decides. A version without backend leaves its share to the other.
 */
function splitAction(
  plan: TrafficPlan,
  model: string,
  { action, stickyHeader }: RouteSettings & { readonly action: object },
): object {
  const split = plan.splits.find((candidate) => candidate.model === model);
  const candidate = hasBackend(plan, model, split?.candidate) ? split?.candidate : undefined;
  const weight = Math.round(((split?.candidatePercent ?? 0) * TOTAL_WEIGHT) / 100);
  const able = [
    { version: split?.stable, weight: TOTAL_WEIGHT - weight },
    ...(weight > 0 ? [{ version: candidate, weight }] : []),
  ].filter(({ version }) => hasBackend(plan, model, version));
  if (able.length === 0) {
    return refuse(503, 'no-version-ready', 'No version of this model can answer on this host now.');
  }
  const clusters = able.map(({ version = '', weight }) => ({
    name: clusterName(model, version),
    weight: able.length === 1 ? TOTAL_WEIGHT : weight,
    response_headers_to_add: [versionHeader(version)],
  }));
  const mirror =
    split?.shadow === true && candidate !== undefined
      ? { request_mirror_policies: [copyTo(shadowClusterName(model, candidate))] }
      : {};
  const sticky =
    stickyHeader === undefined ? {} : { hash_policy: [{ header: { header_name: stickyHeader } }] };
  const weighted = { clusters, ...(stickyHeader !== undefined && { use_hash_policy: true }) };
  return { route: { ...action, ...mirror, ...sticky, weighted_clusters: weighted } };
}

/** Copies say that they are. */
function copyTo(cluster: string): object {
  return { cluster, request_headers_mutations: [{ append: setHeader(COPY_HEADER, '1') }] };
}

/** Whether a version can be reached on this host now. */
export function hasBackend(plan: TrafficPlan, model: string, version: string | undefined): boolean {
  return plan.backends.some((backend) => backend.model === model && backend.version === version);
}

/** The models that are here, in order. */
export function modelNames(plan: TrafficPlan): readonly string[] {
  const names = [...plan.splits, ...plan.backends].map(({ model }) => model);
  return [...new Set(names)].toSorted();
}
