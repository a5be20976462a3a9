import type { LedgerEventData } from '../ledger/event.ts';
import type { Reason } from '../verdict.ts';

/** What the monitor may ask for, the most urgent last. */
export const MONITOR_ACTIONS = [
  'none',
  'investigate',
  'retrain',
  'rebuild',
  'rollback',
] as const satisfies readonly LedgerEventData<'monitor.judged'>['action'][];
export type MonitorAction = (typeof MONITOR_ACTIONS)[number];

/** One thing the monitor has seen, and what it asks for by itself. */
export type Finding = { readonly wants: MonitorAction; readonly reason: Reason };
