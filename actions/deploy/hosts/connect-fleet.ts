import { systemClock } from '../../../adapters/clock.ts';
import type { Environment } from '../../../core/config/config.ts';
import type { Log } from '../../../core/ports.ts';
import type { Host } from '../../job/host.ts';
import { connectAgents } from '../../serving/wiring.ts';
import { createFleet, type Fleet } from './fleet.ts';

/** The serving hosts of an environment, as this job reaches them. */
export function connectFleet(host: Host, environment: Environment, log: Log): Fleet {
  const agents = connectAgents(host, environment);
  return createFleet({ agents, mayBeAway: environment.maxUnavailable, clock: systemClock, log });
}
