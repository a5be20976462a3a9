import type { ReferenceProfile } from '../../../core/drift/profile.ts';
import type { CaptureWindow } from '../../../core/drift/window.ts';
import { hostIdOf } from '../../fixtures/host-id-of.ts';

const DAY_MS = 86_400_000;
export const FIRST_DAY = Date.parse('2026-03-01T00:00:00Z');

/** `n` rows spread evenly over ten bins, with the share `moved` of all rows taken from the first bin to the last. */
export function tenBins(n: number, moved = 0): number[] {
  const even = Array.from({ length: 10 }, () => n / 10);
  even[0] = Math.round(n / 10 - moved * n);
  even[9] = Math.round(n / 10 + moved * n);
  return even;
}

/** Two numeric features and a two-class prediction, each with 20,000 rows; with `days` days when asked. */
export function profileOf(days = 0): ReferenceProfile {
  const blocks = Array.from({ length: days }, (_, day) =>
    tenBins(1000).map((count, bin) => count + ((bin + day) % 2 === 0 ? 5 : -5)),
  );
  const feature = (name: string) => ({
    name,
    kind: 'numeric' as const,
    edges: [1, 2, 3, 4, 5, 6, 7, 8, 9],
    counts: tenBins(20_000),
    missing: 0,
    min: 0,
    max: 10,
    ...(days > 0 && { blocks }),
  });
  return {
    schema: 'trainyard.profile/1',
    model: 'demo',
    version: '7',
    created: '2026-02-28T00:00:00Z',
    rows: 20_000,
    features: [feature('amount'), feature('age')],
    prediction: {
      kind: 'classes',
      classes: ['no', 'yes'],
      counts: [12_000, 8_000],
      confidence: { edges: [0.5, 0.75], total: [4000, 8000, 8000], correct: [2400, 5600, 7600] },
      ...(days > 0 && {
        blocks: Array.from({ length: days }, (_, day) => [600 + (day % 2), 400 - (day % 2)]),
      }),
    },
  };
}

/** What one host saw on one day: `n` rows with the share `moved` of `amount` moved. */
export function windowOf(
  day: number,
  over: Partial<CaptureWindow> & { readonly moved?: number } = {},
): CaptureWindow {
  const { moved = 0, ...rest } = over;
  const n = rest.n ?? 2000;
  const clean = { missing: 0, below: 0, above: 0, unseen: 0 };
  return {
    schema: 'trainyard.window/1',
    hostId: hostIdOf(rest.host ?? 'serve-1'),
    host: 'serve-1',
    model: 'demo',
    version: '7',
    seq: day,
    from: new Date(FIRST_DAY + day * DAY_MS).toISOString(),
    to: new Date(FIRST_DAY + (day + 1) * DAY_MS).toISOString(),
    n,
    features: { amount: { counts: tenBins(n, moved), ...clean }, age: { counts: tenBins(n), ...clean } },
    prediction: { counts: [0.6 * n, 0.4 * n], confidence: [0.2 * n, 0.4 * n, 0.4 * n] },
    invalid: 0,
    refused: 0,
    ...rest,
  };
}
