import { z } from 'zod';

/** What keeps a value from being what a schema describes; nothing when it is that. */
export type Flaw = { readonly path: string; readonly message: string };
type Check = (value: unknown) => Flaw | undefined;

const ANY_TEXT = z.string();

/**
 * Makes checks of what schemas need, for reading: fields that their objects do not name are none of their business, a choice may be any
 * text, and `instead` holds the schemas that parts of them give way to. Nothing is copied, and a text that was right in the line before is
 * not looked at again, so that a long ledger is read several times faster than by the schemas themselves.
 */
export function tolerantChecks(
  instead: ReadonlyMap<z.core.$ZodType, z.ZodType>,
): (schema: z.core.$ZodType) => Check {
  const made = new Map<z.core.$ZodType, Check>();
  const checkOf = (schema: z.core.$ZodType): Check => {
    const check = made.get(schema) ?? toCheck(instead.get(schema) ?? schema, checkOf);
    made.set(schema, check);
    return check;
  };
  return checkOf;
}

function toCheck(schema: z.core.$ZodType, checkOf: (part: z.core.$ZodType) => Check): Check {
  if (schema instanceof z.ZodObject) {
    const shape: Readonly<Record<string, z.core.$ZodType>> = schema.shape;
    return checkFields(Object.entries(shape).map(([name, field]) => ({ name, check: checkOf(field) })));
  }
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodExactOptional) {
    const check = checkOf(schema.unwrap());
    return (value) => (value === undefined ? undefined : check(value));
  }
  if (schema instanceof z.ZodArray && schema.element instanceof z.ZodObject) {
    const check = checkOf(schema.element);
    return (value) => (Array.isArray(value) ? firstOf(value, check) : wrong('must be a list'));
  }
  // A newer version has more to choose from: what goes by one choice asks for that one.
  return checkLeaf(schema instanceof z.ZodEnum ? ANY_TEXT : schema);
}

function checkFields(fields: readonly { readonly name: string; readonly check: Check }[]): Check {
  return (value) => {
    if (!isRecord(value)) return wrong('must be an object');
    for (const { name, check } of fields) {
      const issue = check(value[name]);
      if (issue !== undefined) return within(name, issue);
    }
    return undefined;
  };
}

function checkLeaf(schema: z.core.$ZodType): Check {
  const isAnyText = schema instanceof z.ZodString && (schema.def.checks ?? []).length === 0;
  let lastRight: unknown = Number.NaN;
  return (value) => {
    if (isAnyText ? typeof value === 'string' : value === lastRight) return undefined;
    const read = z.safeParse(schema, value);
    if (!read.success) return wrong(read.error.issues[0]?.message ?? 'is wrong');
    // What has an identity may have been changed since.
    if (typeof value !== 'object') lastRight = value;
    return undefined;
  };
}

function firstOf(values: readonly unknown[], check: Check): Flaw | undefined {
  for (const [index, value] of values.entries()) {
    const issue = check(value);
    if (issue !== undefined) return within(String(index), issue);
  }
  return undefined;
}

function wrong(message: string): Flaw {
  return { path: '', message };
}

function within(name: string, { path, message }: Flaw): Flaw {
  return { path: path === '' ? name : `${name}.${path}`, message };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
