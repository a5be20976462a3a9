import type { TrafficPlan } from '../traffic-plan.ts';
import {
  hasBackend,
  modelNames,
  type RouteSettings,
  routeOfVersion,
  routesOfPath,
} from './prediction-routes.ts';
import { json } from './route-parts.ts';

/** What a server says of itself in this protocol; the extension is the one that carries tensors as bytes. */
const SERVER = { name: 'trainyard', version: '2', extensions: ['binary_tensor_data'] };

/**
 * The paths of the Open Inference Protocol (V2), as KServe specifies it. What a model takes and gives, and a version that is asked
 * for by its name, go past the split of traffic: they are no evidence of a version.
 */
export function openInferenceRoutes(plan: TrafficPlan, settings: RouteSettings): readonly object[] {
  const isReady = plan.splits.some(({ isAnswered }) => isAnswered);
  return [
    { match: { path: '/v2' }, ...json(200, SERVER) },
    { match: { path: '/v2/health/live' }, ...json(200, { live: true }) },
    { match: { path: '/v2/health/ready' }, ...json(statusOf(isReady), { ready: isReady }) },
    ...modelNames(plan).flatMap((model) => routesOfModel(plan, model, settings)),
    ...plan.backends.flatMap(({ model, version }) => routesOfVersion(plan, model, version)),
    {
      match: { prefix: '/v2/' },
      ...json(404, { error: 'No model, and no version of one, is served at this path.' }),
    },
  ];
}

function routesOfModel(plan: TrafficPlan, model: string, settings: RouteSettings): readonly object[] {
  const split = plan.splits.find((one) => one.model === model);
  const isAnswered = split?.isAnswered ?? false;
  const path = `/v2/models/${model}`;
  const version = [split?.stable, split?.candidate].find((one) => hasBackend(plan, model, one));
  const about =
    version === undefined
      ? { match: { path }, ...json(503, { error: 'No version of this model can answer on this host now.' }) }
      : routeOfVersion(plan, { model, path, version, protocol: 'v2-metadata' });
  return [
    about,
    { match: { path: `${path}/ready` }, ...json(statusOf(isAnswered), { name: model, ready: isAnswered }) },
    ...routesOfPath(plan, { model, path: `${path}/infer`, protocol: 'v2' }, settings),
  ];
}

function routesOfVersion(plan: TrafficPlan, model: string, version: string): readonly object[] {
  const path = `/v2/models/${model}/versions/${version}`;
  return [
    routeOfVersion(plan, { model, version, path, protocol: 'v2-metadata' }),
    routeOfVersion(plan, { model, version, path: `${path}/infer`, protocol: 'v2' }),
    { match: { path: `${path}/ready` }, ...json(200, { name: model, ready: true }) },
  ];
}

function statusOf(isReady: boolean): number {
  return isReady ? 200 : 503;
}
