const LINE = /^(?<environment>[a-z0-9][a-z0-9._-]*)=(?<token>\S+)$/;

/**
 * The tokens in the secret of the agents, by environment: one for all (`''`), or a line for each, `production=…`. GitHub's own secrets
 * of an environment reach only a job that names it, and to take back must wait for no approval of one.
 */
export function readAgentTokens(secret: string): ReadonlyMap<string, string> {
  const lines = secret
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const read = lines.map((line) => LINE.exec(line)?.groups);
  if (lines.length === 0 || read.includes(undefined)) return new Map([['', secret.trim()]]);
  return new Map(read.map((groups) => [groups?.['environment'] ?? '', groups?.['token'] ?? '']));
}

/** The token of one environment's agents; `undefined` when the secret has tokens for others only. */
export function agentTokenOf(secret: string, environment: string): string | undefined {
  const tokens = readAgentTokens(secret);
  return tokens.get(environment) ?? tokens.get('');
}
