import { expect, test } from 'vitest';
import { compareCounts } from '../../actions/monitor-check/compare-counts.ts';
import { windowOf } from '../core/drift/drift-data.ts';

/** What a proxy saw in the hour that begins then. */
function seenAt(at: string) {
  const latency = { edges: [10, 100], counts: [0, 0, 0] };
  return { at, requests: 100, errors: 5, refused: 15, latency };
}

test('what a proxy saw answered is compared with what was counted of that version, since it serves and until windows are closed', () => {
  const since = '2026-03-20T00:00:00.000Z';
  const now = '2026-03-20T12:00:00.000Z';
  // The first has hardly begun, and of the last not all is in windows.
  const times = ['2026-03-19T23:00:00.000Z', since, '2026-03-20T09:00:00.000Z', '2026-03-20T10:00:00.000Z'];
  const window = (version: string, to: string, n: number) => windowOf(1, { version, from: since, to, n });
  const windows = [
    window('7', '2026-03-20T00:00:00.000Z', 1_000),
    window('7', '2026-03-20T10:00:00.000Z', 70),
    window('7', '2026-03-20T11:59:00.000Z', 80),
    window('8', '2026-03-20T10:00:00.000Z', 9_000),
  ];
  const hours = times.map(seenAt);
  expect(compareCounts({ windows, hours }, { version: '7', since, now })).toEqual({
    answered: 160,
    counted: 150,
  });
});
