/** The HTTP status that GitHub answered a call with that failed; `undefined` for what is no answer. */
export function statusOf(thrown: unknown): number | undefined {
  return thrown instanceof Error && 'status' in thrown && typeof thrown.status === 'number'
    ? thrown.status
    : undefined;
}
