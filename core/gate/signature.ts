/** One named column, or one tensor (with a shape), of a model's input, output or parameters. */
export type SignatureField = {
  readonly name: string | undefined;
  /** MLflow's type as text: `double`, `string`, `float32`, `Array(double)`, … */
  readonly type: string;
  readonly required: boolean;
  /** Sizes per axis, -1 where any size goes; `undefined` for columns. */
  readonly shape: readonly number[] | undefined;
};

/** What a model takes and gives, as its MLflow signature states it. */
export type ModelSignature = {
  readonly inputs: readonly SignatureField[];
  readonly outputs: readonly SignatureField[];
};

/** Reads an MLflow signature as `MLmodel` holds it: `inputs` and `outputs` as JSON text. `undefined` when it is not of that form. */
export function parseSignature(
  inputs: string | undefined,
  outputs: string | undefined,
): ModelSignature | undefined {
  const read = (text: string | undefined): SignatureField[] | undefined =>
    text === undefined ? [] : fieldsOf(text);
  const taken = read(inputs);
  const given = read(outputs);
  return taken === undefined || given === undefined ? undefined : { inputs: taken, outputs: given };
}

function fieldsOf(text: string): SignatureField[] | undefined {
  const parsed = parseJson(text);
  if (!Array.isArray(parsed)) return undefined;
  const fields = parsed.map(fieldOf);
  return fields.every((field) => field !== undefined) ? fields : undefined;
}

function fieldOf(entry: unknown): SignatureField | undefined {
  if (!isRecord(entry)) return undefined;
  const name = typeof entry['name'] === 'string' ? entry['name'] : undefined;
  const required = entry['required'] !== false && entry['optional'] !== true;
  const tensor = entry['tensor-spec'];
  if (isRecord(tensor)) {
    const shape = tensor['shape'];
    const axes = Array.isArray(shape) && shape.every((size) => typeof size === 'number') ? shape : undefined;
    return { name, type: String(tensor['dtype']), required, shape: axes };
  }
  const type = typeText(entry);
  return type === undefined ? undefined : { name, type, required, shape: undefined };
}

/** Nested types written out, so that two are the same type exactly when their texts are equal. */
function typeText(entry: Readonly<Record<string, unknown>>): string | undefined {
  const { type, items, properties, values } = entry;
  if (typeof type !== 'string') return undefined;
  if (isRecord(items)) return `array(${typeText(items) ?? '?'})`;
  if (isRecord(values)) return `map(${typeText(values) ?? '?'})`;
  if (!isRecord(properties)) return type;
  const parts = Object.entries(properties).map(([name, value]) => {
    const optional = isRecord(value) && value['required'] === false ? '?' : '';
    return `${name}${optional}: ${isRecord(value) ? (typeText(value) ?? '?') : '?'}`;
  });
  return `object(${parts.sort().join(', ')})`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
