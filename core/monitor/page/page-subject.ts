import type { LedgerEvent } from '../../ledger/event.ts';
import type { MonitorDecision } from '../decide-monitor.ts';
import type { PageEvidence } from '../evidence/sum-up.ts';
import type { MonitorInput } from '../monitor-input.ts';

/** All that the page of one check tells of: what was decided, on what, and what the ledger holds of before. */
export type PageSubject = {
  readonly decision: MonitorDecision;
  readonly input: MonitorInput;
  readonly evidence: PageEvidence;
  /** Of the model, oldest first. */
  readonly events: readonly LedgerEvent[];
  readonly runUrl: string;
};
