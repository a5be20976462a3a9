import { z } from 'zod';

/**
 * What a mute names: the code of a finding as the monitor prints it (`host-lost`, `drift-act:air_time`), after a colon of what it is
 * found (a host, a column), or `drift:` and a feature for all its shifts. One line, at most 200 characters.
 */
export const findingCodeSchema = z
  .string()
  .max(200)
  .regex(/^[a-z][a-z0-9-]*(?::\P{C}*[^\p{C}\s])?$/u);
