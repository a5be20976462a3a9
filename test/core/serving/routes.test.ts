import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { locate } from '../../../core/serving/locate.ts';
import { problemsOf, usualStatus } from '../../../core/serving/route.ts';
import { ROUTES } from '../../../core/serving/routes.ts';

const rows = Object.values(ROUTES);

describe('the table of routes', () => {
  test.each(rows)('$method $path takes every parameter that its path names', ({ path, parameters }) => {
    const { properties = {} } = z.toJSONSchema(parameters, { io: 'input' });
    for (const [, name = ''] of path.matchAll(/\{(\w+)\}/g)) expect(properties).toHaveProperty(name);
  });

  test('names no method and path twice', () => {
    expect(new Set(rows.map(({ method, path }) => `${method} ${path}`)).size).toBe(rows.length);
  });

  test('lets nobody change anything without a token', () => {
    expect(rows.filter(({ method, role }) => method !== 'GET' && role === undefined)).toEqual([]);
  });

  test('refuses by role, by parameters, and by what is the route’s own', () => {
    const statuses = (row: (typeof rows)[number]) => Object.keys(problemsOf(row)).map(Number);
    expect(statuses(ROUTES.health)).toEqual([500]);
    expect(statuses(ROUTES.state)).toEqual([401, 500]);
    expect(statuses(ROUTES.readTraffic)).toEqual([400, 401, 404, 500]);
    expect(statuses(ROUTES.addLabels)).toEqual([400, 401, 403, 413, 500]);
    expect(statuses(ROUTES.putPackage)).toEqual([400, 401, 403, 408, 413, 422, 500, 507]);
  });

  test('answers with the lowest status unless told', () => {
    expect(rows.map(usualStatus)).not.toContain(503);
    expect(usualStatus(ROUTES.startInstance)).toBe(202);
  });
});

describe('a route with its parameters', () => {
  test('puts into the path what stands in it, and the rest into the query', () => {
    const where = locate(ROUTES.observations, { model: 'm', rollout: 'r/1', after: 7 });
    expect(where).toBe('/v1/models/m/observations?rollout=r%2F1&after=7');
  });

  test('leaves out what was not given', () => {
    expect(locate(ROUTES.observations, { model: 'm', rollout: undefined, after: 0 })).toBe(
      '/v1/models/m/observations?after=0',
    );
  });

  test.each([
    ['../x', '..%2Fx'],
    ['a?b#c', 'a%3Fb%23c'],
    ['$&', '%24%26'],
    ['ü', '%C3%BC'],
  ])('leads to no other path with the model %s', (model, escaped) => {
    expect(locate(ROUTES.windows, { model, after: 0 })).toBe(`/v1/models/${escaped}/windows?after=0`);
    expect(locate(ROUTES.readInstance, { model, version: '1' })).toBe(`/v1/models/${escaped}/instances/1`);
  });

  test('keeps a digest readable', () => {
    expect(locate(ROUTES.findPackage, { digest: 'sha256:ab' })).toBe('/v1/packages/sha256:ab');
  });
});
