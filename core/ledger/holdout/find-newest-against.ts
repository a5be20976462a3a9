import type { GateJudgement, LedgerState } from '../state.ts';

/** The newest judgement on a holdout that compared with this champion, if there was one. */
export function findNewestAgainst(
  gates: LedgerState['gates'],
  champion: string,
  holdoutDigest: string,
): GateJudgement | undefined {
  const [newest] = Object.values(gates)
    .filter((gate) => gate.champion === champion && gate.holdoutDigest === holdoutDigest)
    .toSorted((left, right) => (left.at < right.at ? 1 : -1));
  return newest;
}
