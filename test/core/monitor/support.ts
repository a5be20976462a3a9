import type { Monitor } from '../../../core/config/config.ts';
import { type EnvironmentState, emptyLedger, type LedgerState } from '../../../core/ledger/state.ts';
import type { MonitorInput } from '../../../core/monitor/monitor-input.ts';

/** The moment of the checks in these tests. */
export const NOW = '2026-03-20T00:00:00Z';
/** The champion's. */
export const PACKAGE = `demo@sha256:${'a'.repeat(64)}`;

/** As trainyard.yml has it by default. */
export const POLICY: Monitor = {
  drift: {
    tolerance: 0.02,
    warn: 0.1,
    act: 0.25,
    cycleSeconds: 86_400,
    falseAlarmSeconds: 365 * 86_400,
    columns: {},
  },
  notify: 'json',
  heartbeatSeconds: 900,
  everySeconds: 3600,
  retrain: { automatic: true, cooldownSeconds: 86_400, atMost: { count: 3, perSeconds: 7 * 86_400 } },
  labels: { maturitySeconds: 7 * 86_400 },
};

/** Version 7 serves production. */
export function ledgerOf(
  production: Partial<EnvironmentState> = {},
  over: Partial<LedgerState> = {},
): LedgerState {
  const champion = { version: '7', package: PACKAGE, at: '2026-03-01T00:00:00Z' };
  return {
    ...emptyLedger('demo'),
    environments: { production: { champion, history: [], ...production } },
    ...over,
  };
}

/** A check in which one host serves the champion and nothing is wrong. */
export function input(over: Partial<MonitorInput> = {}): MonitorInput {
  return {
    now: NOW,
    environment: 'production',
    ledger: ledgerOf(),
    policy: POLICY,
    deliverySeconds: 21_600,
    lastRun: { kind: 'known', at: '2026-03-19T23:00:00Z' },
    hosts: [
      { host: 'serve-1', lastSeenAt: '2026-03-19T23:59:00Z', serving: { version: '7', package: PACKAGE } },
    ],
    ...over,
  };
}
