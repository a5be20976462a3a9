import type { LedgerEvent } from '../event.ts';
import { type Mute, mutesAt } from '../mutes/mute.ts';
import type { OpenEnvironment } from './draft.ts';

type MuteEvent = Extract<LedgerEvent, { kind: 'monitor.muted' | 'monitor.unmuted' }>;

/** What a person has muted, or no longer. The last word on a code holds; those that are over are let go, so the list stays short. */
export function applyMute(environment: OpenEnvironment, event: MuteEvent): OpenEnvironment {
  const { at, actor, data } = event;
  const others = mutesAt(environment, at).filter(({ code }) => code !== data.code);
  if (event.kind === 'monitor.unmuted') return { ...environment, mutes: others };
  const { code, until, reason } = event.data;
  const said: Mute = { code, until, at, actor, reason };
  return { ...environment, mutes: [...others, said] };
}
