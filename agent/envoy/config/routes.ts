import { PIN_HEADER, VERSION_HEADER } from '../../../core/names.ts';
import { PERCENT_STEP } from '../../../core/rollout/rollout-plan.ts';
import { clusterName, pinnedClusterName, type TrafficPlan } from '../traffic-plan.ts';
import { type Discovery, discover } from './discovery.ts';

/** Weights are in hundredths of a percent. */
const TOTAL_WEIGHT = Math.round(100 / PERCENT_STEP);
/** Time on top of the model's own limit before the proxy gives up on an answer, in s. */
const TIMEOUT_SLACK_SECONDS = 5;

/** How versions are chosen beside their weights. */
export type RouteSettings = {
  /** Requests with the same value of this header get the same version while the weights hold; by chance each when absent. */
  readonly stickyHeader?: string | undefined;
};

/** Per model: a version pinned by header, else the split by weight. Predictions are never retried: they may not be repeatable. */
export function buildRoutes(plan: TrafficPlan, { stickyHeader }: RouteSettings = {}): Discovery {
  const routesOf = (model: string, path: string) => routesOfPath(plan, { model, path }, stickyHeader);
  const routes = [
    ...probes(plan),
    refusePacked(),
    ...modelNames(plan).flatMap((model) => routesOf(model, `/predictions/${model}`)),
    ...modelNames(plan).flatMap((model) => routesOf(model, `/invocations/${model}`)),
    ...(plan.unnamed === undefined ? [] : routesOf(plan.unnamed, '/invocations')),
    { match: { prefix: '/' }, ...direct(404, 'no-such-model', 'No model is served at this path.') },
  ];
  return discover('envoy.config.route.v3.RouteConfiguration', [
    { name: 'predictions', virtual_hosts: [{ name: 'predictions', domains: ['*'], routes }] },
  ]);
}

/**
 * `/ping/<model>` says whether a prediction would be answered. `/ping` says it of a host with several models as long as one of them
 * is: a model that is down everywhere must not take every host, and with them all others, out of the balancer.
 */
function probes({ splits }: TrafficPlan): readonly object[] {
  const models = splits.map(({ model, isAnswered }) => probe(`/ping/${model}`, isAnswered));
  const isAnyAnswered = splits.some(({ isAnswered }) => isAnswered);
  return [probe('/ping', isAnyAnswered), ...models];
}

function probe(path: string, isAnswered: boolean): object {
  return { match: { path }, ...(isAnswered ? text(200, 'ok') : text(503, 'no version is ready')) };
}

/** A packed body is unpacked by nobody: a few bytes would stand for any number, beyond the limit of a body. */
function refusePacked(): object {
  const name = 'content-encoding';
  const isPlain = { name, string_match: { exact: 'identity', ignore_case: true } };
  return {
    match: {
      prefix: '/',
      headers: [
        { name, present_match: true },
        { ...isPlain, invert_match: true },
      ],
    },
    ...direct(415, 'body-packed', 'Bodies are taken as they are: send it without content-encoding.'),
  };
}

function routesOfPath(
  plan: TrafficPlan,
  { model, path }: { readonly model: string; readonly path: string },
  stickyHeader: string | undefined,
): readonly object[] {
  const backends = plan.backends.filter((backend) => backend.model === model);
  const action = {
    prefix_rewrite: `/predictions/${model}`,
    timeout: `${Math.max(0, ...backends.map(({ timeoutSeconds }) => timeoutSeconds)) + TIMEOUT_SLACK_SECONDS}s`,
  };
  const pinned = backends.map(({ version }) => ({
    match: { path, headers: [{ name: PIN_HEADER, string_match: { exact: version } }] },
    route: { ...action, cluster: pinnedClusterName(model, version) },
    response_headers_to_add: [versionHeader(version)],
  }));
  const unknownPin = {
    match: { path, headers: [{ name: PIN_HEADER, present_match: true }] },
    ...direct(404, 'no-such-version', 'The pinned version is not served on this host.'),
  };
  return [...pinned, unknownPin, { match: { path }, ...splitAction(plan, model, { action, stickyHeader }) }];
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
    return direct(503, 'no-version-ready', 'No version of this model can answer on this host now.');
  }
  const clusters = able.map(({ version = '', weight }) => ({
    name: clusterName(model, version),
    weight: able.length === 1 ? TOTAL_WEIGHT : weight,
    response_headers_to_add: [versionHeader(version)],
  }));
  const mirror =
    split?.shadow === true && candidate !== undefined
      ? { request_mirror_policies: [{ cluster: clusterName(model, candidate) }] }
      : {};
  const sticky =
    stickyHeader === undefined ? {} : { hash_policy: [{ header: { header_name: stickyHeader } }] };
  const weighted = { clusters, ...(stickyHeader !== undefined && { use_hash_policy: true }) };
  return { route: { ...action, ...mirror, ...sticky, weighted_clusters: weighted } };
}

function hasBackend(plan: TrafficPlan, model: string, version: string | undefined): boolean {
  return plan.backends.some((backend) => backend.model === model && backend.version === version);
}

function modelNames(plan: TrafficPlan): readonly string[] {
  const names = [...plan.splits, ...plan.backends].map(({ model }) => model);
  return [...new Set(names)].toSorted();
}

function versionHeader(version: string): object {
  return {
    header: { key: VERSION_HEADER, value: version },
    append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
  };
}

function text(status: number, body: string): object {
  return { direct_response: { status, body: { inline_string: body } } };
}

function direct(status: number, code: string, message: string): object {
  return {
    ...text(status, JSON.stringify({ code, message })),
    response_headers_to_add: [
      {
        header: { key: 'content-type', value: 'application/json' },
        append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
      },
    ],
  };
}
