import { DEPLOY_MUTATIONS } from './deploy-mutations.ts';
import { HOST_MUTATIONS } from './host-mutations.ts';
import type { Mutation } from './mutation.ts';

/** Faults that were found in the running product, each of which the world has to find again. */
export const MUTATIONS: readonly Mutation[] = [...DEPLOY_MUTATIONS, ...HOST_MUTATIONS];
