import { UserError } from '../../core/errors.ts';

/** The least major version with all that the agent takes from Node: its SQLite, and to begin anew without secrets. */
const LEAST_NODE = 24;

/** Throws a UserError where this program is run by an older Node: asked before anything is loaded that such a one lacks. */
export function requireNode(version: string, program: string): void {
  if (Number.parseInt(version, 10) >= LEAST_NODE) return;
  throw new UserError([
    {
      code: 'node-too-old',
      message: `The agent needs Node ${LEAST_NODE}, and ${program} is v${version}:`,
      remedy: `install Node ${LEAST_NODE} or later (https://nodejs.org/en/download), and start the agent with it.`,
    },
  ]);
}
