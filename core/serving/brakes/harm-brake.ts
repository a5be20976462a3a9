import type { Brake, Traffic } from '../api.ts';

/** Whether a brake was for harm. A host that only lost contact has seen none. */
export function isForHarm({ code }: Brake): boolean {
  return code !== 'lease-expired';
}

/** The brake by which a host says that a rollout does harm, be it one that has left its traffic since. */
export function harmBrake(
  traffic: Pick<Traffic, 'brake' | 'braked'> | undefined,
  rollout: string | undefined,
): Brake | undefined {
  const { brake, braked = [] } = traffic ?? {};
  const all = brake === undefined ? braked : [brake, ...braked];
  return all.find((one) => one.rollout === rollout && isForHarm(one));
}
