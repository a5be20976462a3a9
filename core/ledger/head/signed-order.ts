import { z } from 'zod';
import { type Instant, instantSchema, isAfter, isBefore } from '../../instant.ts';
import type { OrderStatement } from '../statement.ts';

/** How far a ledger goes, and the heads of lost ones that it was begun for: by those two ledgers are told apart. */
const ledgerLineSchema = z.object({ events: z.int().positive(), replaces: z.array(z.string()).readonly() });

/** When a host was told to stop a version, by its own clock, and the ledger that it knew of then, where it was told of one. */
export const versionStopSchema = z.object({ at: instantSchema, ledger: ledgerLineSchema.exactOptional() });
export type VersionStop = Readonly<z.infer<typeof versionStopSchema>>;

/**
 * What tells a signed order from an older one: how far the ledger went when it was signed, which lost ledgers that one replaces, and
 * when. A host keeps the highest that it has obeyed.
 */
export const signedOrderSchema = z.object({
  signedAt: instantSchema,
  /** `undefined` where it was signed on a ledger that was not believed to its end. */
  ledger: ledgerLineSchema.exactOptional(),
});
export type SignedOrder = Readonly<z.infer<typeof signedOrderSchema>>;

/** The order that a statement is. */
export function orderOf({ predicate: { signedAt, ledger, replaces } }: OrderStatement): SignedOrder {
  return { signedAt, ...(ledger && { ledger: { events: ledger.events, replaces } }) };
}

/** Orders that a host has obeyed, or that can't be obeyed any more. */
type KnownOrders = {
  /** The highest, of any version; `undefined` where there was none. */
  readonly highest: SignedOrder | undefined;
  /** When this version was last told to stop; `undefined` where it never was. */
  readonly stopped: VersionStop | undefined;
};

/**
 * Why an order is none for today: `replayed` when a later one was obeyed, `spent` when its version was stopped since. The highest itself
 * may be given again, as a job that asks twice does.
 */
export function findStaleness(
  order: SignedOrder,
  { highest, stopped }: KnownOrders,
): 'replayed' | 'spent' | undefined {
  if (highest !== undefined && isOlder(order, highest)) return 'replayed';
  return stopped !== undefined && isSpent(order, stopped) ? 'spent' : undefined;
}

/** The highest order once this one, which is none of the past, is obeyed. */
export function raiseOrder(highest: SignedOrder | undefined, order: SignedOrder): SignedOrder {
  if (highest === undefined) return order;
  if (isOlder(order, highest)) return highest;
  // Clocks of runners differ: an order that is higher by the ledger may say that it is earlier.
  return { ...order, signedAt: later(order.signedAt, highest.signedAt) };
}

/** By the ledger where both were signed on one; by their instants where one was not, or the ledger was begun anew in between. */
function isOlder(order: SignedOrder, other: SignedOrder): boolean {
  const ahead = eventsAhead(order.ledger, other.ledger);
  return ahead === 0 ? isBefore(order.signedAt, other.signedAt) : ahead < 0;
}

/** As `isOlder`; one of the very instant of the stop is spent. */
function isSpent(order: SignedOrder, stopped: VersionStop): boolean {
  const ahead = eventsAhead(order.ledger, stopped.ledger);
  return ahead === 0 ? !isAfter(order.signedAt, stopped.at) : ahead < 0;
}

type LedgerLine = NonNullable<SignedOrder['ledger']>;

/** So many events more of one ledger; 0 also where the two are not of one, which tells nothing. */
function eventsAhead(own: LedgerLine | undefined, other: LedgerLine | undefined): number {
  return own !== undefined && other !== undefined && isSameLedger(own, other) ? own.events - other.events : 0;
}

function isSameLedger(one: LedgerLine, other: LedgerLine): boolean {
  return one.replaces.toSorted().join('\n') === other.replaces.toSorted().join('\n');
}

function later(one: Instant, other: Instant): Instant {
  return isAfter(one, other) ? one : other;
}
