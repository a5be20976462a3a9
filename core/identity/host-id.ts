import { z } from 'zod';

/**
 * What a serving host is known by: made at random with its agent's database, and lost with it. Names are chosen by people and may
 * be the same on two hosts; numbers that a host counts up, of observations and windows, go on as long as this stays.
 */
export const hostIdSchema = z.uuid();
