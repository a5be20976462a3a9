import { z } from 'zod';

/**
 * The one form of a model's name. It becomes part of paths, of URLs, of the proxy's routes and statistics and of an MLflow name, so
 * it can lead out of no folder; dots are in it because names in MLflow have them. It is no longer than a label of a host's name; the
 * agent shortens it where sockets lie (`agent/instances/launch.ts`).
 */
const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** A model's name, as trainyard.yml, the agent's API, packages and reports have it. */
export const modelNameSchema = z.string().regex(MODEL_NAME, {
  error: 'must be 1 to 63 letters, digits, `.`, `_` or `-`, beginning with a letter or digit',
});
