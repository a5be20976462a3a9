import { systemClock } from '../adapters/clock.ts';
import { createMlflow } from '../adapters/mlflow/tracking.ts';
import { createFetch } from '../adapters/network/create-fetch.ts';
import { optional } from '../core/config/optional.ts';
import type { Tracking } from '../core/ports.ts';

/** MLflow as its own clients would sign in to it from here. */
export function connectMlflow(uri: string, env: Readonly<Record<string, string | undefined>>): Tracking {
  const options = {
    ...{ uri, http: { fetch: createFetch(env) } },
    ...optional('username', env['MLFLOW_TRACKING_USERNAME']),
    ...optional('password', env['MLFLOW_TRACKING_PASSWORD']),
    ...optional('token', env['MLFLOW_TRACKING_TOKEN']),
  };
  return createMlflow(options, systemClock);
}
