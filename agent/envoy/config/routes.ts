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
    ...refusePacked(),
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

/**
 * The handler unpacks gzip, as far as a plain body may reach. A form is none of its: TorchServe takes it apart, and unpacks nothing.
 */
function refusePacked(): readonly object[] {
  const name = 'content-encoding';
  const is = (exact: string) => ({ name, string_match: { exact, ignore_case: true } });
  const isForm = {
    name: 'content-type',
    string_match: { safe_regex: { regex: '(?i)\\s*(multipart/|application/x-www-form-urlencoded).*' } },
  };
  const unread = [
    { name, present_match: true },
    ...['identity', 'gzip'].map((one) => ({ ...is(one), invert_match: true })),
  ];
  return [unread, [is('gzip'), isForm]].map((headers) => ({
    match: { prefix: '/', headers },
    ...refuse(415, 'body-packed', 'Bodies are taken plain or packed by gzip, once; forms are taken plain.'),
  }));
}
