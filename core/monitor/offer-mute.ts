import { findMuteBar } from '../ledger/mutes/find-mute-bar.ts';
import type { Block } from '../report/report.ts';
import type { MonitorDecision } from './decide-monitor.ts';

/** What is one word of a comment as it stands. */
const ONE_WORD = /^[^\s"']+$/;

/** How to mute the most urgent finding that may be muted; nothing where there is none. */
export function offerMute(
  { codes, reasons }: Pick<MonitorDecision, 'codes' | 'reasons'>,
  { model, environment }: { readonly model: string; readonly environment: string },
): readonly Block[] {
  const found = reasons.find(({ code }) => codes.includes(code) && findMuteBar(code) === undefined);
  if (found === undefined) return [];
  const word = ONE_WORD.test(found.code) ? found.code : `"${found.code.replaceAll('"', '')}"`;
  const command = `/mute ${model} ${word} ${environment} for 14d the reason`;
  const text = [
    'What is known or accepted can be muted: comment ',
    { kind: 'code', text: command },
    '.',
  ] as const;
  return [{ kind: 'paragraph', text }];
}
