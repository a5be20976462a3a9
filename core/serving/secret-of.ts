const LINE = /^(?<environment>[a-z0-9][a-z0-9._-]*)=(?<value>\S+)$/;

/**
 * What a secret holds for each environment: one for all (`''`), or a line for each, `production=…`. GitHub's own secrets of an
 * environment reach only a job that names it, and to take back must wait for no approval of one.
 */
export function readSecret(secret: string): ReadonlyMap<string, string> {
  const lines = secret
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const read = lines.map((line) => LINE.exec(line)?.groups);
  if (lines.length === 0 || read.includes(undefined)) return new Map([['', secret.trim()]]);
  return new Map(read.map((groups) => [groups?.['environment'] ?? '', groups?.['value'] ?? '']));
}

/** The secret of one environment; `undefined` when there are some for others only. Empty where there is none at all. */
export function secretOf(secret: string, environment: string): string | undefined {
  const values = readSecret(secret);
  return values.get(environment) ?? values.get('');
}
