import type { TrafficPlan } from '../traffic-plan.ts';
import { type Discovery, discover } from './discovery.ts';
import { openInferenceRoutes } from './open-inference-routes.ts';
import { modelNames, type RouteSettings, routesOfPath } from './prediction-routes.ts';
import { refuse, text } from './route-parts.ts';

/** Per model: a version pinned by header, else the split by weight. Predictions are never retried: they may not be repeatable. */
export function buildRoutes(plan: TrafficPlan, settings: RouteSettings = {}): Discovery {
  const routesOf = (model: string, path: string) =>
    routesOfPath(plan, { model, path, protocol: 'mlflow' }, settings);
  const routes = [
    ...probes(plan),
    refusePacked(),
    ...modelNames(plan).flatMap((model) => routesOf(model, `/predictions/${model}`)),
    ...modelNames(plan).flatMap((model) => routesOf(model, `/invocations/${model}`)),
    ...openInferenceRoutes(plan, settings),
    ...(plan.unnamed === undefined ? [] : routesOf(plan.unnamed, '/invocations')),
    { match: { prefix: '/' }, ...refuse(404, 'no-such-model', 'No model is served at this path.') },
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
    ...refuse(415, 'body-packed', 'Bodies are taken as they are: send it without content-encoding.'),
  };
}
