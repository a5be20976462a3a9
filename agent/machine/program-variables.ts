/** What a program needs of the agent's environment to be found and to load; no secret is among it. */
const NEEDED = ['PATH', 'LD_LIBRARY_PATH'] as const;

/** The variables of a program of the host that the agent asks something: its words are those of no language. */
export function programVariables(
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const given = NEEDED.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]));
  return { ...Object.fromEntries(given), LC_ALL: 'C' };
}
