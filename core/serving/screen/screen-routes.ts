import { z } from 'zod';
import type { AgentState } from '../api.ts';
import { NO_PARAMETERS, NOTHING, route } from '../route.ts';
import { ofModel, wholeNumber } from '../route-parameters.ts';
import { historySchema, MOST_HOURS } from './history.ts';
import { type ModelOutlook, outlookSchema } from './outlook.ts';

/** An event of `GET /v1/events`: the answers of `/v1/state` and of each model's `outlook` at one moment. */
export type ScreenEvent = {
  /** The agent's time. */
  readonly at: string;
  readonly state: AgentState;
  readonly outlooks: Readonly<Record<string, ModelOutlook>>;
};

/** Routes of the agent's API for whoever watches a host. */
export const SCREEN_ROUTES = {
  history: route({
    method: 'GET',
    path: '/v1/models/{model}/history',
    summary:
      'Both versions by stretches of five minutes, of the last `hours`, at most 24: requests, errors, latency, and the rollouts of that time, the last ones that are over with their evidence.',
    role: 'reader',
    parameters: ofModel.extend({ hours: wholeNumber(z.int().min(1).max(MOST_HOURS)).prefault(MOST_HOURS) }),
    body: NOTHING,
    answer: historySchema,
    done: { 200: 'The history, oldest first.' },
  }),
  outlook: route({
    method: 'GET',
    path: '/v1/models/{model}/outlook',
    summary:
      'Where a model stands on this host: latency, its rollout with evidence and what its stages need, drift and labels as last judged.',
    role: 'reader',
    parameters: ofModel,
    body: NOTHING,
    answer: outlookSchema,
    done: { 200: 'The outlook.' },
    problems: { 404: 'The model never had traffic here.' },
  }),
  events: route({
    method: 'GET',
    path: '/v1/events',
    summary:
      'State and outlooks of all models as server-sent events, one at each change, at most every two seconds.',
    role: 'reader',
    parameters: NO_PARAMETERS,
    body: NOTHING,
    answer: z.string(),
    media: 'text/event-stream',
    done: { 200: 'The stream; after an hour it ends.' },
    problems: { 503: 'As many as may are listening.' },
  }),
} as const;
