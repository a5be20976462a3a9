import { UserError } from '../../core/errors.ts';

/** What the runner, the programs on it and Trainyard itself go by: nobody sets these so. */
const RESERVED =
  /^(?:GITHUB_|RUNNER_|ACTIONS_|INPUT_|STATE_|TRAINYARD_|NODE_|LD_|PYTHON|MLFLOW_TRACKING_(?:USERNAME|PASSWORD|TOKEN)$|(?:PATH|HOME|CI|SHELL)$)/;
const LINE = /^(?<name>[A-Za-z_]\w*)=(?<value>.*)$/;

/**
 * The variables that a caller gives the jobs in one text, `NAME=value` a line: a called workflow sees no `env` of its caller. Empty lines
 * and those that begin with `#` say nothing. Throws a UserError for any other line, and for a name that is not the caller's to set.
 */
export function readGivenVariables(text: string): Readonly<Record<string, string>> {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => {
      const { name, value } = LINE.exec(line)?.groups ?? {};
      if (name === undefined || value === undefined || RESERVED.test(name)) throw refused(name ?? line);
      return [name, value];
    }),
  );
}

function refused(what: string): UserError {
  return new UserError([
    {
      code: 'bad-variable',
      message: `The variables for the jobs (the input env, or TRAINYARD_ENV) can't set ${JSON.stringify(what.slice(0, 80))}.`,
      remedy: 'Write NAME=value, a line each. Names that the runner or Trainyard goes by are set by neither.',
    },
  ]);
}
