import { z } from 'zod';
import { instantSchema } from '../instant.ts';
import { hoursSchema, labelCountsSchema, labelsSchema, observationsSchema, windowsSchema } from './api.ts';
import { NO_PARAMETERS, NOTHING, route } from './route.ts';
import { ofModel, ofVersion, wholeNumber } from './route-parameters.ts';

/** Rows with a greater sequence number. */
const after = wholeNumber(z.int().nonnegative()).prefault(0);

/** Routes of the agent's API by which its counts are read, and labels added to them. */
export const COUNT_ROUTES = {
  observations: route({
    method: 'GET',
    path: '/v1/models/{model}/observations',
    summary: 'Polls of both versions, of one rollout or since an instant, oldest first, at most 1,000.',
    role: 'reader',
    parameters: ofModel.extend({ rollout: z.string().optional(), since: instantSchema.optional(), after }),
    body: NOTHING,
    answer: observationsSchema,
    done: { 200: 'The polls.' },
  }),
  hours: route({
    method: 'GET',
    path: '/v1/models/{model}/hours',
    summary:
      'What was answered by the version that serves, by hour (UTC), since an instant, of the last two days at most.',
    role: 'reader',
    parameters: ofModel.extend({ since: instantSchema }),
    body: NOTHING,
    answer: hoursSchema,
    done: { 200: 'The hours, oldest first.' },
  }),
  windows: route({
    method: 'GET',
    path: '/v1/models/{model}/windows',
    summary: 'Closed capture windows, oldest first, at most 1,000.',
    role: 'reader',
    parameters: ofModel.extend({ after }),
    body: NOTHING,
    answer: windowsSchema,
    done: { 200: 'The windows.' },
  }),
  labelCounts: route({
    method: 'GET',
    path: '/v1/models/{model}/labels',
    summary:
      'Late labels of a version, counted by day and confidence bin, and how many predictions they show right.',
    role: 'reader',
    parameters: ofVersion,
    body: NOTHING,
    answer: labelCountsSchema,
    done: { 200: 'The counts.' },
  }),
  addLabels: route({
    method: 'POST',
    path: '/v1/labels',
    summary: 'Late labels by prediction id; ones already known are ignored.',
    role: 'labeler',
    parameters: NO_PARAMETERS,
    body: labelsSchema,
    answer: z.object({ received: z.number().int(), added: z.number().int() }),
    done: { 200: 'They are stored.' },
  }),
} as const;
