import type { Verdict } from '../verdict.ts';

/** A sign that is seen from afar, and the word for it. */
type Mark = { readonly symbol: string; readonly word: string };

/** Every sign that people see: of verdicts, and of how an action ended. */
const SIGNS = {
  pass: { symbol: '✅', word: 'pass' },
  fail: { symbol: '❌', word: 'fail' },
  inconclusive: { symbol: '❔', word: 'inconclusive' },
  begun: { symbol: '⏳', word: 'Begun' },
  planned: { symbol: '🧭', word: 'Plan' },
  done: { symbol: '✅', word: 'Done' },
  status: { symbol: '📋', word: 'Status' },
  help: { symbol: '📖', word: 'Commands' },
  refused: { symbol: '❌', word: 'Refused' },
  'nothing-to-do': { symbol: '💤', word: 'Nothing to do' },
  trained: { symbol: '🏋️', word: 'Trained' },
  'already-trained': { symbol: '🏋️', word: 'Trained already' },
  searched: { symbol: '🔎', word: 'Searched' },
  predicted: { symbol: '🔮', word: 'Predicted' },
  'gate-passed': { symbol: '✅', word: 'Gate passed' },
  'gate-failed': { symbol: '❌', word: 'Gate failed' },
  'gate-inconclusive': { symbol: '❔', word: 'Gate inconclusive' },
  registered: { symbol: '📦', word: 'Registered' },
  'package-built': { symbol: '🏗️', word: 'Package built' },
  'already-built': { symbol: '🏗️', word: 'Built already' },
  'package-kept': { symbol: '🏗️', word: 'Package kept' },
  'in-progress': { symbol: '🐤', word: 'Under way' },
  held: { symbol: '⏸️', word: 'Held' },
  promoted: { symbol: '🚀', word: 'Promoted' },
  'rolled-back': { symbol: '⏪', word: 'Rolled back' },
  'check-passed': { symbol: '✅', word: 'Check passed' },
  'check-failed': { symbol: '❌', word: 'Check failed' },
  monitored: { symbol: '🩺', word: 'Monitored' },
  failed: { symbol: '❌', word: 'Failed' },
} as const satisfies Readonly<Record<string, Mark>> & Readonly<Record<Verdict, Mark>>;

export type Sign = keyof typeof SIGNS;

/** The signs of a gate, by its verdict. */
export const GATE_SIGNS = {
  pass: 'gate-passed',
  fail: 'gate-failed',
  inconclusive: 'gate-inconclusive',
} as const satisfies Readonly<Record<Verdict, Sign>>;

/** `✅ pass`, `🚀 Promoted`. */
export function formatSign(sign: Sign): string {
  const { symbol, word } = SIGNS[sign];
  return `${symbol} ${word}`;
}
