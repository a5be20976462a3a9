import type { DispatchType } from '../../../core/names.ts';
import type { DispatchPayload } from '../../../core/serving/dispatch-payload.ts';
import type { OutboxEntry } from '../outbox-entry.ts';

/** A report that waits in this process, and until when. */
type HeldReport = { readonly entry: OutboxEntry; readonly due: string };

/** Reports that could not be written down. */
type HeldReports = {
  readonly add: (type: DispatchType, payload: DispatchPayload) => void;
  readonly remove: (id: string) => void;
  /** The one of this type that is due first. */
  readonly first: (type: DispatchType) => HeldReport | undefined;
  /** Ends the report of this number; false where none of these has it. */
  readonly deliver: (seq: number) => boolean;
  /** Makes all of them due at `now`; false where none waited for later. */
  readonly hurry: (now: string) => boolean;
  /** When each of them was made. */
  readonly instants: () => readonly string[];
  /** Lets the report of this number wait; false where none of these has it. */
  readonly postpone: (seq: number, due: string) => boolean;
};

/** None yet. Their numbers are below those of any database. */
export function createHeldReports(): HeldReports {
  const reports = new Map<number, HeldReport>();
  let last = 0;
  return {
    add: (type, payload) => {
      last -= 1;
      const { at } = payload;
      reports.set(last, { entry: { seq: last, type, payload, attempts: 0, at }, due: at });
    },
    remove: (id) => {
      for (const [seq, { entry }] of reports) if (entry.payload.id === id) reports.delete(seq);
    },
    first: (type) =>
      [...reports.values()]
        .filter(({ entry }) => entry.type === type)
        .toSorted((left, right) => (left.due < right.due ? -1 : 1))[0],
    deliver: (seq) => reports.delete(seq),
    hurry: (now) => {
      const later = [...reports].filter(([, { due }]) => due > now);
      for (const [seq, report] of later) reports.set(seq, { ...report, due: now });
      return later.length > 0;
    },
    instants: () => [...reports.values()].map(({ entry }) => entry.at),
    postpone: (seq, due) => {
      const report = reports.get(seq);
      if (report === undefined) return false;
      const { entry } = report;
      reports.set(seq, { entry: { ...entry, attempts: entry.attempts + 1 }, due });
      return true;
    },
  };
}
