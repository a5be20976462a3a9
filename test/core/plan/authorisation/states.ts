import { createEvent, type EventContext } from '../../../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../../../core/ledger/event.ts';
import type { LedgerState } from '../../../../core/ledger/state.ts';
import {
  contextOf,
  heldEvent,
  judgedAgainst,
  MAIN,
  promotedEvent,
  startedEvent,
  stateOf,
  versionEvents,
} from '../plan-support.ts';

/** Long before anything that is asked for here. */
const EARLIER = '2026-11-10T09:00:00.000Z';

function early(events: readonly LedgerEvent[]): readonly LedgerEvent[] {
  return events.map((event) => ({ ...event, at: EARLIER }));
}

const harm = (version: string, stable: string) =>
  createEvent(contextOf(`harm-${version}`, EARLIER), 'rollout.rolled-back', {
    ...{ rollout: `r${version}`, environment: 'production', version, stable },
    ...{ code: 'errors-worse', explanation: 'It fails more often.' },
  });
const again = (version: string, stable: string) => ({
  ...startedEvent(version, 'production', stable),
  id: `again-${version}`,
  at: EARLIER,
});

/** Version 5 served staging only; 6 served production and gave way to 7. */
const SERVED = early([
  ...['5', '6', '7'].flatMap((version) => versionEvents(version)),
  ...[startedEvent('5', 'staging'), promotedEvent('5', 'staging')],
  ...[startedEvent('6', 'production'), promotedEvent('6', 'production')],
  ...[startedEvent('7', 'production', '6'), promotedEvent('7', 'production')],
]);
/** Version 8, of pull request 7, passed its gate beside 7; version 9 failed it. */
const JUDGED = early([
  ...[...versionEvents('8', 'pass', 7), judgedAgainst('7', '8')],
  ...versionEvents('9', 'fail', 7),
]);
const IDLE = [...SERVED, ...JUDGED];
const CANDIDATE = [...IDLE, ...early([startedEvent('8', 'production', '7')])];
const FREEZE = createEvent(contextOf('freeze', EARLIER), 'frozen', { reason: 'audit' });

const MUTED = createEvent(contextOf('mute', EARLIER), 'monitor.muted', {
  ...{ environment: 'production', code: 'drift:age', reason: 'a sale' },
  until: '2026-12-10T09:00:00.000Z',
});

/** What the ledger says, by what the tables call it. */
export const STATES: Readonly<Record<string, LedgerState>> = {
  'nothing serves': stateOf([...versionEvents('8', 'pass', 7), ...versionEvents('9', 'fail', 7)]),
  'nothing is under way': stateOf(IDLE),
  'no model is on its way': stateOf(SERVED),
  'version 8 is the candidate': stateOf(CANDIDATE),
  'the candidate is held': stateOf([...CANDIDATE, heldEvent('8', 'production')]),
  'all is frozen': stateOf([...IDLE, FREEZE]),
  'frozen with a candidate': stateOf([...CANDIDATE, FREEZE]),
  'version 6 is the candidate again': stateOf([...IDLE, judgedAgainst('7', '6'), again('6', '7')]),
  'the gate of 6 fell': stateOf([...IDLE, judgedAgainst('7', '6', 'fail')]),
  'version 8 was taken back': stateOf([...CANDIDATE, harm('8', '7')]),
  'the drift of age is muted': stateOf([...IDLE, MUTED]),
  'version 7 was taken back': stateOf([...IDLE, harm('7', '6')]),
};

/** A state by its name. Throws where there is none. */
export function stateNamed(name: string): LedgerState {
  const state = STATES[name];
  if (state === undefined) throw new Error(`no state is called ${name}`);
  return state;
}

/** Served, and trained again by reports so many hours before `now`; the last of these trainings may still be open. */
export function retrainedState(now: string, hours: readonly number[], isOpen = false): LedgerState {
  const events = hours.flatMap((before, index): readonly LedgerEvent[] => {
    const at = new Date(Date.parse(now) - before * 3_600_000).toISOString();
    const id = `retrain-${index}`;
    const context: EventContext = { ...contextOf(id, at), cause: { kind: 'dispatch', id } };
    const data = { operation: 'train' as const, sha: MAIN, parameters: {} };
    const asked = createEvent(context, 'training.requested', data);
    if (isOpen) return [asked];
    return [asked, createEvent(context, 'training.finished', { runId: id, status: 'failed' })];
  });
  return stateOf([...SERVED, ...events]);
}
