import { between, type Seen } from './host-client.ts';

/** A stretch of time: what each host's client had seen at its beginning and at its end. */
export type Phase = { readonly name: string; readonly from: readonly Seen[]; readonly to: readonly Seen[] };

/** Requests, failures and share per version of every host, phase by phase, as lines of a table. */
export function renderPhases(phases: readonly Phase[], hosts: number): string {
  const head = ['phase'.padEnd(42), 'host', 'requests', 'failed', 'answered by'].join('  ');
  const rows = phases.flatMap(({ name, from, to }) =>
    Array.from({ length: hosts }, (_, index) => {
      const seen = between(from[index] ?? NOTHING, to[index] ?? NOTHING);
      const answered = Object.values(seen.answered).reduce((sum, count) => sum + count, 0);
      const cells = [
        (index === 0 ? name : '').padEnd(42),
        String(index + 1).padStart(4),
        String(answered + seen.failures.length).padStart(8),
        String(seen.failures.length).padStart(6),
        describeShares(seen, answered),
      ];
      return cells.join('  ');
    }),
  );
  return [head, ...rows].join('\n');
}

const NOTHING: Seen = { answered: {}, failures: [] };

function describeShares({ answered }: Seen, total: number): string {
  const shares = Object.entries(answered).toSorted(([left], [right]) => Number(left) - Number(right));
  return shares.map(([version, count]) => `v${version} ${((100 * count) / total).toFixed(1)} %`).join(', ');
}
