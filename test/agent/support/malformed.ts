import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { z } from 'zod';
import { NOTHING, type Role, type Route } from '../../../core/serving/route.ts';
import { ROUTES } from '../../../core/serving/routes.ts';
import { TOKENS } from '../../../sandbox/agent/start-agent.ts';
import { leaseOf } from './deploy.ts';

type RouteName = keyof typeof ROUTES;

/** The routes by the names they have in their table. */
export const ROUTE_NAMES = namesOf(ROUTES);

/** A request as it goes over the wire. */
export type Malformed = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
};

/** What came back. */
export type ApiAnswer = { readonly status: number; readonly type: string; readonly text: string };

/** What is there to be asked for. */
type Known = { readonly model: string; readonly version: string; readonly digest: string };

/** Bodies that are as they should be, by route, of which something is made wrong. */
const BODIES: Readonly<Partial<Record<RouteName, object>>> = {
  startInstance: { manifest: `sha256:${'1'.repeat(64)}`, handlers: [] },
  setTraffic: {
    ...{ stable: '1', candidate: '2', candidatePercent: 50, shadow: false },
    ...{ lease: leaseOf('fuzzed'), words: [] },
  },
  takeBack: { to: '1', explanation: 'It answers nonsense.' },
  addLabels: { model: 'mnist', labels: [{ id: 'a', label: 1 }] },
};

const JUNK: readonly unknown[] = [
  ...[null, true, -1, 0.5, 1e308, 2 ** 53, '', '0', '\u0000', '../../etc/passwd', '\ud800', 'ä'.repeat(300)],
  ...[[], {}, [[[[]]]], { toString: 1 }, JSON.parse('{"__proto__":{"a":1},"constructor":null}')],
];

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value) ?? '');

/** Bytes that a path for JSON may be sent in the place of this body: spoilt in one place, cut off, of no sense, or random. */
export function spoiltBodies(body: object): fc.Arbitrary<Uint8Array> {
  const whole = bytes(body);
  return fc.oneof(
    { weight: 6, arbitrary: spoil(body).map(bytes) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
    { weight: 1, arbitrary: fc.nat(whole.length - 1).map((end) => whole.subarray(0, end)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('['.repeat(100_000), '1e999999', '{"a":1}{"a":2}').map(Buffer.from),
    },
  );
}

/** A value with one place of it left out, doubled or replaced by something else. */
function spoil(value: unknown): fc.Arbitrary<unknown> {
  const replaced = fc.oneof(fc.constantFrom(...JUNK), fc.jsonValue({ maxDepth: 3 }));
  if (typeof value !== 'object' || value === null) return replaced;
  const keys = Object.keys(value);
  if (keys.length === 0) return replaced;
  return fc.oneof(
    { weight: 1, arbitrary: replaced },
    {
      weight: 4,
      arbitrary: fc.constantFrom(...keys).chain((key) => {
        const whole: Record<string, unknown> = { ...value };
        const rest = Object.fromEntries(Object.entries(whole).filter(([name]) => name !== key));
        const spoilt = spoil(whole[key]).map((part) =>
          Array.isArray(value) ? [part, part] : { ...whole, [key]: part },
        );
        return fc.oneof(
          { weight: 1, arbitrary: fc.constant<unknown>(rest) },
          { weight: 4, arbitrary: spoilt },
        );
      }),
    },
  );
}

function bodiesOf(name: RouteName): fc.Arbitrary<Uint8Array | undefined> {
  const { body, upload } = ROUTES[name];
  const random = fc.uint8Array({ maxLength: 300 });
  if (upload !== undefined) return fc.option(random, { nil: undefined });
  if (body === NOTHING) return fc.constant(undefined);
  return spoiltBodies(BODIES[name] ?? {});
}

/** A part of a path, or a value of a query: escaped, broken, or what is there. */
function texts(known: string | undefined): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(known ?? '1') },
    { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }).map(escapePart) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        ...['%', '%zz', '%00', '%ff', '%2e%2e%2f', '0', '-1', '1e9', '0x1', '%20', 'NaN'],
      ),
    },
  );
}

function escapePart(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function pathsOf({ path, parameters }: Pick<Route, 'path' | 'parameters'>, known: Known) {
  const { properties = {} } = z.toJSONSchema(parameters, { unrepresentable: 'any', io: 'input' });
  const names = Object.keys(properties);
  const values = Object.fromEntries(Object.entries(known));
  const own = Object.fromEntries(names.map((name) => [name, texts(values[name])]));
  return fc
    .tuple(
      fc.record(own, { requiredKeys: names.filter((name) => path.includes(`{${name}}`)) }),
      texts('a'),
      texts('b'),
    )
    .map(([given, more, other]) => {
      let target = path;
      const query: string[] = [`${more}=${other}`];
      for (const [name, value] of Object.entries(given)) {
        if (value === undefined) continue;
        if (path.includes(`{${name}}`)) target = target.replace(`{${name}}`, () => value || '%20');
        else query.push(`${name}=${value}`);
      }
      return `${target}?${query.join('&')}`;
    });
}

const HEADERS = fc.record(
  {
    'content-type': fc.constantFrom('application/json', 'text/plain', 'multipart/form-data', 'a', ''),
    'content-encoding': fc.constantFrom('gzip', 'identity', 'x'),
    'accept-encoding': fc.constantFrom('gzip', 'gzip;q=x', '*', ',,,', 'identity;q=0'),
    'if-match': fc.constantFrom('"1"', '"2"', '*', '1', '"x"', '"99999999999999999999"', 'W/"1"'),
    'if-none-match': fc.constantFrom('*', '"1"', ''),
    range: fc.constantFrom('bytes=0-1', 'bytes=-1', 'x'),
    'x-forwarded-for': fc.constantFrom('127.0.0.1', ''),
  },
  { requiredKeys: [] },
);

/** Requests of one route, of which something is wrong or of no sense, with a token of any role or none. */
export function malformed(
  name: RouteName,
  known: Known,
  roles: readonly (Role | 'none')[],
): fc.Arbitrary<Malformed> {
  const route = ROUTES[name];
  return fc
    .record({
      path: pathsOf(route, known),
      headers: HEADERS,
      body: bodiesOf(name),
      role: fc.constantFrom(...roles),
    })
    .map(({ path, headers, body, role }) => ({
      ...{ method: route.method, path, body },
      headers: { ...headers, ...(role !== 'none' && { authorization: `Bearer ${TOKENS[role]}` }) },
    }));
}

const describedSchema = z.object({
  components: z.unknown(),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        responses: z.record(
          z.string(),
          z.object({
            content: z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()) })).optional(),
          }),
        ),
      }),
    ),
  ),
});

/** Gives what an answer of a route has against the description (`/openapi.json`); `undefined` where it is as described. */
export function createJudge(
  description: unknown,
): (name: RouteName, answered: ApiAnswer) => string | undefined {
  const { paths, components } = describedSchema.parse(description);
  const ajv = addFormats.default(new Ajv2020({ strict: false }));
  const asWhole = (schema: object) => ajv.compile({ ...schema, components });
  const known = new Map<object, ReturnType<typeof asWhole>>();
  return (name, { status, type, text }) => {
    const { path, method } = ROUTES[name];
    const described = paths[path]?.[method.toLowerCase()]?.responses[String(status)];
    if (described === undefined) return `${status} is not described`;
    if (status === 500) return `500: ${text}`;
    const { content } = described;
    if (content === undefined) return text === '' ? undefined : `${status} has a body`;
    const found = content[type.split(';')[0] ?? ''];
    if (found === undefined) return `${status} is sent as ${type}`;
    if (!type.includes('json')) return;
    const isValid = known.get(found.schema) ?? asWhole(found.schema);
    known.set(found.schema, isValid);
    return isValid(JSON.parse(text))
      ? undefined
      : `${status}: ${ajv.errorsText(isValid.errors)} in ${text.slice(0, 200)}`;
  };
}

function namesOf<Name extends string>(table: Readonly<Record<Name, unknown>>): readonly Name[] {
  const names: Name[] = [];
  for (const name in table) names.push(name);
  return names;
}
