import type { ApiContext } from '../api-answers.ts';

/** What becomes of a dispatch that GitHub accepted; a late one comes after those that follow it. */
type DeliveryFault =
  | { readonly kind: 'lost' }
  | { readonly kind: 'doubled' }
  | { readonly kind: 'late'; readonly ms: number };

/** How accepted dispatches reach the workflows: once and at once, unless a fault waits for them. */
export type Deliveries = {
  /** A fault for the next dispatch, after those that wait already. */
  readonly spoil: (fault: DeliveryFault) => void;
  readonly deliver: ApiContext['onDispatch'];
  /** Forgets faults and whatever is on its way. */
  readonly stop: () => void;
};

/** Delivers dispatches to `onDispatch`. */
export function createDeliveries(onDispatch: ApiContext['onDispatch']): Deliveries {
  const faults: DeliveryFault[] = [];
  const onTheirWay = new Set<NodeJS.Timeout>();
  return {
    spoil: (fault) => {
      faults.push(fault);
    },
    deliver: (...dispatch) => {
      const fault = faults.shift();
      if (fault?.kind === 'lost') return;
      if (fault?.kind === 'late') {
        const timer = setTimeout(() => {
          onTheirWay.delete(timer);
          onDispatch(...dispatch);
        }, fault.ms);
        onTheirWay.add(timer);
        return;
      }
      onDispatch(...dispatch);
      if (fault?.kind === 'doubled') onDispatch(...dispatch);
    },
    stop: () => {
      faults.length = 0;
      for (const timer of onTheirWay) clearTimeout(timer);
      onTheirWay.clear();
    },
  };
}
