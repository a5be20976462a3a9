import { z } from 'zod';
import { publishedSchema } from './schema-node.ts';

/** One key of `trainyard.yml` as the documentation lists it. */
type ConfigRow = {
  /** `environments.<name>.rollout.stages`; `[]` stands for an entry of a list. */
  readonly key: string;
  readonly type: string;
  readonly required: boolean;
  /** As it would be written; `undefined` when there is none. */
  readonly default: string | undefined;
  readonly example: string | undefined;
  readonly description: string;
};

const nodeSchema = z.object({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  description: z.string().optional(),
  examples: z.array(z.json()).optional(),
  default: z.json().optional(),
  enum: z.array(z.json()).optional(),
  const: z.json().optional(),
  required: z.array(z.string()).optional(),
  properties: z.record(z.string(), z.json()).optional(),
  additionalProperties: z.json().optional(),
  items: z.json().optional(),
  anyOf: z.array(z.json()).optional(),
  prefixItems: z.array(z.json()).optional(),
  pattern: z.string().optional(),
});
type Node = z.infer<typeof nodeSchema>;

/** Every key of the file in the order of the schema: the rows of the reference in the documentation. */
export function configReference(): readonly ConfigRow[] {
  return childRows('', nodeSchema.parse(publishedSchema()));
}

function childRows(prefix: string, node: Node): readonly ConfigRow[] {
  const own = Object.entries(node.properties ?? {}).flatMap(([name, child]) =>
    rowsOf(join(prefix, name), nodeSchema.parse(child), node.required ?? []),
  );
  const named = sectionOf(node.additionalProperties);
  const entry = sectionOf(node.items);
  return [
    ...own,
    ...(named === undefined ? [] : childRows(join(prefix, '<name>'), named)),
    ...(entry === undefined ? [] : childRows(`${prefix}[]`, entry)),
  ];
}

/** The key and those below it; `required` are the names that its section must have. */
function rowsOf(key: string, node: Node, required: readonly string[]): readonly ConfigRow[] {
  const example = node.examples?.[0];
  const isRequired = required.includes(key.slice(key.lastIndexOf('.') + 1));
  const row: ConfigRow = {
    key,
    type: nameType(node),
    required: isRequired && node.default === undefined,
    default: isSection(node) || node.default === undefined ? undefined : write(node.default),
    example: example === undefined ? undefined : write(example),
    description: node.description ?? '',
  };
  return [row, ...childRows(key, node)];
}

function nameType(node: Node): string {
  if (node.const !== undefined) return write(node.const);
  if (node.enum !== undefined) return node.enum.map(write).join(' | ');
  if (node.anyOf !== undefined) {
    return [...new Set(node.anyOf.map((option) => nameType(nodeSchema.parse(option))))].join(' or ');
  }
  if (node.type === 'array') {
    const items = nodeSchema.safeParse(node.prefixItems?.[0] ?? node.items);
    return items.success ? `list of ${nameType(items.data)}` : 'list';
  }
  const plain: Readonly<Record<string, string>> = {
    string: 'text',
    integer: 'whole number',
    number: 'number',
    boolean: 'true or false',
    object: 'section',
  };
  const types = Array.isArray(node.type) ? node.type : [node.type ?? ''];
  return types.map((type) => plain[type] ?? 'any').join(' or ');
}

function sectionOf(value: unknown): Node | undefined {
  const node = nodeSchema.safeParse(value);
  return node.success && isSection(node.data) ? node.data : undefined;
}

function isSection(node: Node): boolean {
  return node.properties !== undefined;
}

function join(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}

function write(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
