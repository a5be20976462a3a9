import { expect, test } from 'vitest';
import { compareCounts } from '../../actions/monitor-check/compare-counts.ts';
import { windowOf } from '../core/drift/drift-data.ts';
import { hostIdOf } from '../fixtures/host-id-of.ts';

const LATENCY = { edges: [10, 100], counts: [0, 0, 0] };
const NOTHING = { requests: 0, errors: 0, unanswered: 0, refused: 0, invalid: 0, latency: LATENCY };

function seenAt(at: string) {
  return {
    ...{ hostId: hostIdOf('serve-1'), host: 'serve-1', at, seq: 1, seconds: 60, stage: 0 },
    weights: { candidate: 0 },
    candidate: NOTHING,
    stable: { ...NOTHING, requests: 100, errors: 5, refused: 15 },
  };
}

test('what a proxy saw answered is compared with what was counted of that version, since it serves and until windows are closed', () => {
  const since = '2026-03-20T00:00:00.000Z';
  const now = '2026-03-20T12:00:00.000Z';
  const times = ['2026-03-19T23:59:00.000Z', since, '2026-03-20T09:00:00.000Z', '2026-03-20T11:30:00.000Z'];
  const window = (version: string, to: string, n: number) => windowOf(1, { version, from: since, to, n });
  const windows = [
    window('7', '2026-03-20T00:00:00.000Z', 1_000),
    window('7', '2026-03-20T10:00:00.000Z', 70),
    window('7', '2026-03-20T11:59:00.000Z', 80),
    window('8', '2026-03-20T10:00:00.000Z', 9_000),
  ];
  const observations = times.map(seenAt);
  expect(compareCounts({ windows, observations }, { version: '7', since, now })).toEqual({
    answered: 160,
    counted: 150,
  });
});
