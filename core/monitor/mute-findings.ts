import { covers } from '../ledger/mutes/covers.ts';
import { describeMute } from '../ledger/mutes/describe-mute.ts';
import { findMuteBar } from '../ledger/mutes/find-mute-bar.ts';
import type { Mute } from '../ledger/mutes/mute.ts';
import type { Finding } from './finding.ts';

/** The findings as they are to be weighed, and the codes of those that would ask for something if nobody had muted them. */
type Muted = { readonly findings: readonly Finding[]; readonly muted: readonly string[] };

/** A muted finding asks for nothing and is told all the same, with whose word that is. What protects users at once is never muted. */
export function muteFindings(findings: readonly Finding[], mutes: readonly Mute[]): Muted {
  const weighed = findings.map((finding) => ({ finding, mute: findMute(finding, mutes) }));
  const codes = weighed
    .filter(({ finding, mute }) => mute !== undefined && finding.wants !== 'none')
    .map(({ finding }) => finding.reason.code);
  return {
    findings: weighed.map(({ finding, mute }) => (mute === undefined ? finding : silence(finding, mute))),
    muted: [...new Set(codes)].sort(),
  };
}

function findMute({ reason }: Finding, mutes: readonly Mute[]): Mute | undefined {
  return findMuteBar(reason.code) === undefined ? mutes.find(({ code }) => covers(code, reason)) : undefined;
}

function silence({ reason }: Finding, mute: Mute): Finding {
  const message = `${reason.message} (muted ${describeMute(mute)})`;
  return { wants: 'none', reason: { ...reason, message } };
}
