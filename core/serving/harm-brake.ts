import type { Brake, Traffic } from './api.ts';

/** The brake by which a host says that a rollout does harm. A host that only lost contact has seen none. */
export function harmBrake(
  traffic: Pick<Traffic, 'brake'> | undefined,
  rollout: string | undefined,
): Brake | undefined {
  const brake = traffic?.brake;
  if (brake === undefined || brake.rollout !== rollout || brake.code === 'lease-expired') return undefined;
  return brake;
}
