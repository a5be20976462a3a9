import { type DispatchType, SECRETS } from '../../core/names.ts';
import type { DispatchPayload } from '../../core/serving/dispatch-payload.ts';
import type { Monitoring } from './monitor-context.ts';

/** The longest id a dispatch may have, and the longest reason. */
const MAX_ID = 100;
export const MAX_REASON = 500;

/**
 * Asks for a job of the pipeline by a signed dispatch; gives its id, or `undefined` where this job has no secret of that environment to sign with. A second
 * one of the same id is a replay as soon as the ledger has what came of the first.
 */
export type AskFor = (
  type: DispatchType,
  wish: { readonly id: string; readonly body: DispatchPayload['body'] },
) => Promise<string | undefined>;

/** The dispatches of one check. */
export function createAskFor({ request, ports }: Monitoring): AskFor {
  return async (type, { id: name, body }) => {
    const id = name.slice(0, MAX_ID);
    const unsigned = {
      ...{ v: 1 as const, id, at: ports.clock.now(), from: 'monitor-check' },
      ...{ model: request.config.model, environment: request.environmentName, body },
    };
    const signed = ports.sign(type, unsigned);
    if (signed === undefined) {
      const where = `${SECRETS.dispatchSecret} for ${request.environmentName}`;
      ports.log.warn(`Set ${where}, so that ${type} can be asked for by a signed dispatch.`);
      return undefined;
    }
    await ports.github.dispatch(type, signed);
    return id;
  };
}
