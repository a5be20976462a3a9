import { z } from 'zod';
import { problemSchema } from '../../core/serving/api.ts';
import { NOTHING, problemsOf, type Route, UNREAD_PROBLEMS } from '../../core/serving/route.ts';
import { ROUTES } from '../../core/serving/routes.ts';
import { VERSION } from '../../core/version.ts';

const PROBLEM = {
  'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
};
const FILE = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };

let written: string | undefined;

/** The description as it is sent, made once: to make it takes a hundred times as long as to send it, and everyone may ask for it. */
export function writeApi(): string {
  written ??= JSON.stringify(describeApi());
  return written;
}

/** The API's description (OpenAPI 3.1), made from the table of routes that serves requests and that the client calls by. */
function describeApi(): { readonly openapi: string } & Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of Object.values(ROUTES)) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: describeRoute(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Trainyard agent',
      version: VERSION,
      description: 'Serves model versions on one host, shares requests out between them, and brakes.',
    },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: toSchema(problemSchema, 'output') },
    },
    paths,
  };
}

function describeRoute(route: Route): object {
  const { summary, role, body, upload } = route;
  const content = body === NOTHING ? FILE : { 'application/json': { schema: toSchema(body, 'input') } };
  return {
    summary,
    security: role === undefined ? [] : [{ token: [role] }],
    parameters: describeParameters(route),
    ...((upload || body !== NOTHING) && { requestBody: { required: true, content } }),
    responses: { ...describeDone(route), ...describeProblems(route) },
  };
}

function describeParameters({ path, parameters, headers = [] }: Route): readonly object[] {
  const { properties = {}, required = [] } = toSchema(parameters, 'input');
  return [
    ...Object.entries(properties).map(([name, schema]) => ({
      name,
      in: path.includes(`{${name}}`) ? 'path' : 'query',
      required: required.includes(name),
      schema,
    })),
    ...headers.map((name) => ({ name, in: 'header', schema: { type: 'string' } })),
  ];
}

function describeDone({ answer, media, otherMedia, done }: Route): object {
  const types = [media ?? 'application/json', ...(otherMedia === undefined ? [] : [otherMedia])];
  const content = Object.fromEntries(
    types.map((type) => [type.split(';')[0], { schema: toSchema(answer, 'output') }]),
  );
  return describeEach(done, answer === NOTHING ? undefined : content);
}

function describeProblems(route: Route): object {
  return describeEach({ ...UNREAD_PROBLEMS, ...problemsOf(route) }, PROBLEM);
}

function describeEach(meanings: Readonly<Record<string, string>>, content: object | undefined): object {
  const responses = Object.entries(meanings).map(([status, description]) => [
    status,
    { description, ...(content !== undefined && { content }) },
  ]);
  return Object.fromEntries(responses);
}

function toSchema(schema: z.ZodType, io: 'input' | 'output') {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { unrepresentable: 'any', io });
  return rest;
}
