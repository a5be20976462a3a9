import { z } from 'zod';
import { configSchema } from './schema.ts';

/** What the schema says of one place of the file. */
export type SchemaNode = {
  readonly description?: string;
  readonly example?: string;
  /** Keys that may stand here. */
  readonly keys: readonly string[];
};

const jsonSchema = z.json();
type Json = z.infer<typeof jsonSchema>;

let published: Json | undefined;

/** The JSON Schema (draft 2020-12) of `trainyard.yml` as it is written, for editors. */
export function publishedSchema(): Readonly<Record<string, Json>> {
  published ??= jsonSchema.parse(z.toJSONSchema(configSchema, { io: 'input', target: 'draft-2020-12' }));
  return objectOf(published);
}

/** What the schema says of the place at `path`, or else of the section around it; `undefined` where nothing may stand. */
export function schemaNodeAt(path: readonly PropertyKey[]): SchemaNode | undefined {
  let node: Json | undefined = publishedSchema();
  for (const segment of path) node = childOf(node, segment);
  if (node === undefined) return undefined;
  const own = describe(node, path);
  return own.description === undefined && path.length > 0
    ? { ...schemaNodeAt(path.slice(0, -1)), ...own }
    : own;
}

function childOf(node: Json | undefined, segment: PropertyKey): Json | undefined {
  const { properties, additionalProperties, items, prefixItems } = objectOf(node);
  if (typeof segment === 'number') {
    return Array.isArray(prefixItems) ? prefixItems[segment] : items;
  }
  return (
    objectOf(properties)[String(segment)] ??
    (isObject(additionalProperties) ? additionalProperties : undefined)
  );
}

function describe(node: Json, path: readonly PropertyKey[]): SchemaNode {
  const { description, examples, properties } = objectOf(node);
  const key = path.findLast((part) => typeof part === 'string');
  const example = Array.isArray(examples) ? examples[0] : undefined;
  return {
    keys: Object.keys(objectOf(properties)),
    ...(typeof description === 'string' ? { description } : {}),
    ...(example === undefined
      ? {}
      : { example: typeof path.at(-1) === 'number' ? `- ${example}` : `${key}: ${example}` }),
  };
}

function objectOf(value: Json | undefined): Readonly<Record<string, Json>> {
  return isObject(value) ? value : {};
}

function isObject(value: Json | undefined): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
