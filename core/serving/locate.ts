/** Parameters of a path and a query, by name; an absent one is left out of the query. */
export type RouteParameters = Readonly<Record<string, string | number | undefined>>;

/** Path and query of a route with these parameters, each escaped, so that none can lead to another path. */
export function locate({ path }: { readonly path: string }, parameters: RouteParameters): string {
  const query = new URLSearchParams();
  let target = path;
  for (const [name, value] of Object.entries(parameters)) {
    const placeholder = `{${name}}`;
    if (target.includes(placeholder))
      target = target.replace(placeholder, () => escapeSegment(String(value)));
    else if (value !== undefined) query.set(name, String(value));
  }
  return query.size === 0 ? target : `${target}?${query}`;
}

/** A colon may stand in a path, and makes digests readable. */
function escapeSegment(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':');
}
