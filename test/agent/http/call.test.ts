import { expect, test } from 'vitest';
import { beginCall } from '../../../agent/http/call.ts';
import { createRouteFinder } from '../../../agent/http/find-route.ts';
import { prefers } from '../../../agent/http/prefers.ts';

const partsOf = (target: string) => {
  const { path, query } = beginCall({
    ...{ method: 'GET', target, header: () => undefined, body: undefined, socket: undefined },
    gone: new AbortController().signal,
  });
  return { path, query };
};

test.each([
  ['/v1/state', '/v1/state', {}],
  ['/v1/audit?limit=5&limit=7', '/v1/audit', { limit: '5' }],
  ['/a?b=1+2%203&c', '/a', { b: '1 2 3', c: '' }],
  ['/a?b=1?2', '/a', { b: '1?2' }],
  ['http://host:1/a/b?c=d', '/a/b', { c: 'd' }],
  ['https://host', '/', {}],
  ['*', '*', {}],
])('%s is taken apart', (target, path, query) => {
  expect(partsOf(target)).toEqual({ path, query });
});

const find = createRouteFinder([
  { route: { method: 'GET', path: '/' } },
  { route: { method: 'GET', path: '/m/{model}' } },
  { route: { method: 'PUT', path: '/m/{model}' } },
  { route: { method: 'DELETE', path: '/m/{model}/v/{version}' } },
] as const);
const lookUp = (path: string) => {
  const found = find(path);
  return found && { methods: [...found.byMethod.keys()], parameters: found.parameters };
};

test('a route is found by its segments, each taken out of its escapes once', () => {
  expect(lookUp('/')).toEqual({ methods: ['GET', 'HEAD'], parameters: {} });
  expect(lookUp('/m/a%2Fb')).toEqual({ methods: ['GET', 'HEAD', 'PUT'], parameters: { model: 'a/b' } });
  expect(lookUp('/m/a%252F')).toMatchObject({ parameters: { model: 'a%2F' } });
  expect(lookUp('/m/%zz')).toMatchObject({ parameters: { model: '%zz' } });
  expect(lookUp('/m/a/v/1')).toEqual({ methods: ['DELETE'], parameters: { model: 'a', version: '1' } });
});

test.each(['', '/m', '/m/', '/m//v/1', '/m/a/', '/m/a/w/1', '//m/a', '/M/a', '*'])(
  'nothing is at %j',
  (path) => {
    expect(find(path)).toBeUndefined();
  },
);

test.each([
  ['gzip', true],
  ['br, gzip, deflate', true],
  ['GZIP;q=0.5', true],
  ['identity;q=0.5, gzip; q=0.8', true],
  [undefined, false],
  ['', false],
  ['br', false],
  ['*', false],
  ['gzip;q=0', false],
  ['gzip;q=none', false],
  ['identity, gzip;q=0.5', false],
])('accepts %s: gzip %s', (accepted, takes) => {
  expect(prefers(accepted, 'gzip', 'identity')).toBe(takes);
});

test('of several forms of one the likeliest counts, as a scraper of Prometheus writes them', () => {
  const [wanted, other] = ['application/openmetrics-text', 'text/plain'];
  const forms = `${wanted};version=1.0.0;q=0.6, ${other};version=0.0.4;q=0.4, ${wanted};version=0.0.1;q=0.3`;
  expect(prefers(forms, wanted, other)).toBe(true);
  expect(prefers(`${wanted};q=0.1, ${other}`, wanted, other)).toBe(false);
});
