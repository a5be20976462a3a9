import type { Route } from '../../core/serving/route.ts';

type Routed = { readonly route: Pick<Route, 'method' | 'path'> };

/** What lies at a path: by method, and the parts of the path that the route names. */
type Found<T> = {
  readonly byMethod: ReadonlyMap<string, T>;
  readonly parameters: Readonly<Record<string, string>>;
};

/** Gives what lies at a path; `undefined` where nothing does. What answers GET answers HEAD too. */
export function createRouteFinder<T extends Routed>(
  all: readonly T[],
): (path: string) => Found<T> | undefined {
  const places = [...Map.groupBy(all, ({ route }) => route.path)].map(([pattern, ofPath]) => ({
    pattern: pattern.split('/'),
    byMethod: new Map(
      ofPath.flatMap((one) => {
        const { method } = one.route;
        const methods = method === 'GET' ? [method, 'HEAD'] : [method];
        return methods.map((name) => [name, one] as const);
      }),
    ),
  }));
  return (path) => {
    const segments = path.split('/').map(decode);
    for (const { pattern, byMethod } of places) {
      const parameters = match(pattern, segments);
      if (parameters !== undefined) return { byMethod, parameters };
    }
    return undefined;
  };
}

/** A name in braces stands for a segment that is not empty; all others are as they are. */
function match(
  pattern: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const segment = segments[index] ?? '';
    const isNamed = expected.startsWith('{');
    if (isNamed ? segment === '' : segment !== expected) return undefined;
    if (isNamed) parameters[expected.slice(1, -1)] = segment;
  }
  return parameters;
}

/** What is no escape stays as it was sent: the route refuses it. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
