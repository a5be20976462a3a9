import type { Environment } from '../config/config.ts';
import { type Instant, secondsBetween } from '../instant.ts';
import type { Rollout } from '../ledger/state.ts';
import { findOverdue } from '../rollout/find-overdue.ts';
import type { Traffic } from '../serving/api.ts';
import { harmBrake } from '../serving/brakes/harm-brake.ts';
import { LEASES_TO_RETURN } from '../serving/decide-traffic.ts';

/**
 * What an open rollout waits for that nobody does: an `end`, since a host has braked it for harm or its time is over, or that somebody
 * goes on with it.
 */
export type Neglect = {
  readonly wants: 'end' | 'go-on';
  readonly code: string;
  readonly explanation: string;
};

type Look = {
  /** The traffic of each host that answers. */
  readonly traffic: readonly Traffic[];
  readonly settings: Pick<Environment, 'leaseSeconds' | 'rollout'>;
  readonly now: Instant;
};

/**
 * What is to be asked for about an open rollout, told from what its hosts do and from its times. Its jobs may have been lost, and so may
 * each report of its hosts: what was asked for once is asked for again, until the ledger shows that it was done.
 */
export function findNeglect(rollout: Rollout, { traffic, settings, now }: Look): Neglect | undefined {
  const harm = traffic.map((one) => harmBrake(one, rollout.id)).find((brake) => brake !== undefined);
  if (harm !== undefined) return { wants: 'end', code: harm.code, explanation: harm.explanation };
  const overdue = findOverdue(rollout, settings.rollout, now);
  if (overdue !== undefined) return { wants: 'end', ...overdue };
  const silent = traffic.map(({ brake }) => brake).find((brake) => brake?.rollout === rollout.id);
  if (silent !== undefined) return { wants: 'go-on', code: silent.code, explanation: silent.explanation };
  return findUnserved(rollout, { traffic, settings, now });
}

/** A rollout that has its share by the ledger, and by no host that answers: they came back empty, or were never told. */
function findUnserved(
  { id, version, percent, stageStartedAt }: Rollout,
  { traffic, settings, now }: Look,
): Neglect | undefined {
  const isServed = traffic.some(({ lease }) => lease?.rollout === id);
  if (traffic.length === 0 || percent === 0 || isServed) return undefined;
  // As long as a host gives the job that holds its lease.
  if (secondsBetween(stageStartedAt, now) <= LEASES_TO_RETURN * settings.leaseSeconds) return undefined;
  const explanation = `No host that answers gives version ${version} its ${percent} %.`;
  return { wants: 'go-on', code: 'unserved', explanation };
}
