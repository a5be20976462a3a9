import { z } from 'zod';
import { type Instant, instantSchema, isAfter, isBefore } from '../../instant.ts';
import type { OrderStatement } from '../statement.ts';

/**
 * What tells a signed order from an older one: how far the ledger went when it was signed, which lost ledgers that one replaces, and
 * when. A host keeps the highest that it has obeyed.
 */
export const signedOrderSchema = z.object({
  signedAt: instantSchema,
  /** `undefined` where it was signed on a ledger that was not believed to its end. */
  ledger: z.object({ events: z.int().positive(), replaces: z.array(z.string()).readonly() }).exactOptional(),
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
  readonly stoppedAt: Instant | undefined;
};

/**
 * Why an order is none for today: `replayed` when a later one was obeyed, `spent` when its version was stopped since. The highest itself
 * may be given again, as a job that asks twice does.
 */
export function findStaleness(
  order: SignedOrder,
  { highest, stoppedAt }: KnownOrders,
): 'replayed' | 'spent' | undefined {
  if (highest !== undefined && isOlder(order, highest)) return 'replayed';
  return stoppedAt === undefined || isAfter(order.signedAt, stoppedAt) ? undefined : 'spent';
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
  const [own, others] = [order.ledger, other.ledger];
  if (own !== undefined && others !== undefined && isSameLedger(own, others) && own.events !== others.events)
    return own.events < others.events;
  return isBefore(order.signedAt, other.signedAt);
}

type LedgerLine = NonNullable<SignedOrder['ledger']>;

function isSameLedger(one: LedgerLine, other: LedgerLine): boolean {
  return one.replaces.toSorted().join('\n') === other.replaces.toSorted().join('\n');
}

function later(one: Instant, other: Instant): Instant {
  return isAfter(one, other) ? one : other;
}
