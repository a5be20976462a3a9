import { type Instant, isAfter } from '../../core/instant.ts';
import {
  findStaleness,
  orderOf,
  raiseOrder,
  type SignedOrder,
  signedOrderSchema,
  type VersionStop,
  versionStopSchema,
} from '../../core/ledger/head/signed-order.ts';
import type { OrderStatement } from '../../core/ledger/statement.ts';
import type { Traffic } from '../../core/serving/api.ts';
import { Refusal } from '../api/refusal.ts';
import type { Store } from '../store/store.ts';

// In the database, and so in its backups. The keys do not end as those of an instance do: what is kept here outlives it.

type Memory = Pick<Store, 'getMemory' | 'putMemory'>;

/**
 * Why a signed statement is no order for today: this host has obeyed a later one for the model in its environment, or has stopped the
 * version since it was signed. Whoever holds a deployer's token can read what was signed long ago; a return to an older version is
 * signed anew. `now` is the host's.
 */
export function findReplay(
  store: Memory,
  { predicate, ...rest }: OrderStatement,
  now: Instant,
): Refusal | undefined {
  const { model, version, environment } = predicate;
  const order = orderOf({ predicate, ...rest });
  const highest = readHighest(store, { model, environment });
  const stopped = readStop(store, stopKey(model, version), now);
  const remedy =
    'Say it again by /deploy or /rollback, in a job that has the secret TRAINYARD_SIGNING_KEY and the time of day: it is signed anew.';
  switch (findStaleness(order, { highest, stopped })) {
    case undefined:
      return undefined;
    case 'replayed': {
      const message = `The statement on version ${version} of ${model} was signed ${describe(order)}, and this host has obeyed a later one since, signed ${describe(highest)}.`;
      return new Refusal({ status: 409, code: 'order-replayed', message, remedy });
    }
    case 'spent': {
      const message = `The statement on version ${version} of ${model} was signed ${describe(order)}, and this host was told to stop that version ${describe(stopped && { ...stopped, signedAt: stopped.at })}.`;
      return new Refusal({ status: 409, code: 'order-spent', message, remedy });
    }
  }
}

/** Remembers that an order was obeyed: no older one is, from now on. */
export function noteOrder(store: Memory, statement: OrderStatement): void {
  const { model, environment } = statement.predicate;
  const raised = raiseOrder(readHighest(store, { model, environment }), orderOf(statement));
  store.putMemory(orderKey({ model, environment }), raised);
}

/** A version that was told to stop, and what the last order of traffic said of the ledger. */
type Stopped = {
  readonly model: string;
  readonly version: string;
  readonly at: Instant;
  readonly ledger: Traffic['ledger'];
};

/** Remembers that a version was told to stop: what was signed of it before starts it no more. */
export function noteStop(store: Memory, { model, version, at, ledger }: Stopped): void {
  const line = ledger?.replaces && { events: ledger.events, replaces: ledger.replaces };
  store.putMemory(stopKey(model, version), { at, ...(line && { ledger: line }) } satisfies VersionStop);
}

/** Where the host's clock was ahead as it stopped the version, the stop counts as of now: else nothing started it until then. */
function readStop(store: Memory, key: string, now: Instant): VersionStop | undefined {
  const stopped = store.getMemory(key, versionStopSchema);
  if (stopped === undefined || !isAfter(stopped.at, now)) return stopped;
  const corrected = { ...stopped, at: now };
  store.putMemory(key, corrected);
  return corrected;
}

type Site = { readonly model: string; readonly environment: string };

function readHighest(store: Memory, site: Site): SignedOrder | undefined {
  return store.getMemory(orderKey(site), signedOrderSchema);
}

function orderKey({ model, environment }: Site): string {
  return `order/${model}/of/${environment}/highest`;
}

function stopKey(model: string, version: string): string {
  return `order/${model}/${version}/stopped`;
}

function describe(order: SignedOrder | undefined): string {
  if (order === undefined) return 'never';
  const after = order.ledger === undefined ? '' : `, after ${order.ledger.events} events of the ledger`;
  return `at ${order.signedAt}${after}`;
}
