import type { DispatchType } from '../../core/names.ts';
import type { DispatchPayload } from '../../core/serving/dispatch-payload.ts';

/** A report on its way to the repository. Its id and content never change, so a second delivery is seen as a replay. */
export type OutboxEntry = {
  readonly seq: number;
  readonly type: DispatchType;
  readonly payload: DispatchPayload;
  readonly attempts: number;
  readonly at: string;
};
