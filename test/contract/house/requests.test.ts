import { expect, test } from 'vitest';
import { findOpenGuards } from '../../../measure/house/find-open-guards.ts';
import { findWideRequests, MOST_UNUSED } from '../../../measure/house/find-wide-requests.ts';
import { imagineHouse } from '../../../measure/house/open-house.ts';
import { house } from './support/house.ts';

test(`no function of deploy takes more than ${MOST_UNUSED} fields that it does not use`, () => {
  expect(findWideRequests(house, 'actions/deploy/', { directly: false })).toEqual([]);
});

test('only the journal knows how to append while a rollout is the open one', () => {
  expect(findOpenGuards(house).length).toBeLessThanOrEqual(1);
});

test('a function that is handed a whole bag for one of its fields is found, one that passes it to who needs it is not', () => {
  const imagined = imagineHouse({
    'actions/deploy/x.ts': `
      type Ports = { readonly a: number; readonly b: number; readonly c: number };
      type Request = { readonly d: number; readonly e: number; readonly f: number; readonly g: number };
      type Bag = { readonly ports: Ports; readonly request: Request };
      export function one({ ports }: Bag) { return ports.a; }
      export function most({ ports, request }: Bag) { return ports.a + ports.b + request.d; }
      export function none(bag: Bag) { return most(bag) + one({ ...bag }); }
    `,
  });
  const found = findWideRequests(imagined, 'actions/deploy/', { directly: false });
  expect(found.map(({ name, unused }) => [name, unused])).toEqual([
    ['one', ['ports.b', 'ports.c', 'request.d', 'request.e', 'request.f', 'request.g']],
  ]);
  const direct = findWideRequests(imagined, 'actions/deploy/', { directly: true });
  expect(direct.map(({ name }) => name)).toEqual(['one', 'none']);
});

test('the guard typed by hand is found', () => {
  const imagined = imagineHouse({
    'actions/x.ts': `
      type Rollout = { readonly id: string };
      type State = { readonly rollout?: Rollout };
      declare function append(propose: (state: State) => readonly string[]): void;
      export function end(id: string) { append(({ rollout }) => rollout?.id !== id ? [] : ['ended']); }
      export function isOpen({ rollout }: State, id: string) { return rollout?.id === id; }
    `,
  });
  expect(findOpenGuards(imagined)).toEqual(['actions/x.ts:5']);
});
