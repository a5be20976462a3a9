import { z } from 'zod';
import { problemSchema } from '../../core/serving/api.ts';
import { VERSION } from '../../core/version.ts';
import { ENDPOINTS, type Endpoint } from './endpoints.ts';

/** The API's description (OpenAPI 3.1), made from the same schemas that check requests and that the client reads with. */
export function describeApi(): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const endpoint of ENDPOINTS) {
    const path = endpoint.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [endpoint.method]: describeEndpoint(endpoint) };
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
      schemas: { Problem: toSchema(problemSchema) },
    },
    paths,
  };
}

function describeEndpoint(endpoint: Endpoint): object {
  const { summary, role, request, statuses } = endpoint;
  return {
    summary,
    security: role === undefined ? [] : [{ token: [role] }],
    parameters: describeParameters(endpoint),
    ...(request !== undefined && {
      requestBody: {
        required: true,
        content:
          request === 'bytes'
            ? { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }
            : { 'application/json': { schema: toSchema(request) } },
      },
    }),
    responses: Object.fromEntries(
      statuses.map((status) => [String(status), describeResponse(endpoint, status)]),
    ),
  };
}

function describeParameters({ path, query = [], headers = [] }: Endpoint): readonly object[] {
  const schema = { type: 'string' };
  const inPath = [...path.matchAll(/:(?<name>\w+)/g)].map(({ groups }) => groups?.['name'] ?? '');
  return [
    ...inPath.map((name) => ({ name, in: 'path', required: true, schema })),
    ...query.map((name) => ({ name, in: 'query', schema })),
    ...headers.map((name) => ({ name, in: 'header', schema })),
  ];
}

function describeResponse({ response }: Endpoint, status: number): object {
  if (status >= 400) {
    const schema = { $ref: '#/components/schemas/Problem' };
    return { description: 'Refused', content: { 'application/problem+json': { schema } } };
  }
  if (response === undefined) return { description: 'Done' };
  return { description: 'Done', content: { 'application/json': { schema: toSchema(response) } } };
}

function toSchema(schema: z.ZodType): object {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' });
  return rest;
}
