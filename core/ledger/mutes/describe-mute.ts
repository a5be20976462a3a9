import type { Mute } from './mute.ts';

/** Until when, by whom and why a finding is muted, in words that follow its code or the word "muted". */
export function describeMute({ until, actor, reason }: Omit<Mute, 'code' | 'at'>): string {
  return `until ${until} by @${actor}: ${reason}`;
}
