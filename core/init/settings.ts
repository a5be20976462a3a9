import { LEDGER_BRANCH, SECRETS } from '../names.ts';

/** Where secrets lie until they are set: a folder that git ignores. */
export const SECRETS_FOLDER = '.trainyard/secrets';

/** Files of that folder, by the secret of the repository that each becomes. */
export const SECRET_FILES = {
  [SECRETS.agentToken]: 'agent-token',
  [SECRETS.dispatchSecret]: 'dispatch-secret',
  [SECRETS.signingKey]: 'signing.key',
} as const;

/** One command of the GitHub CLI: its arguments, and what it reads. */
export type GitHubCommand = {
  readonly args: readonly string[];
  /** A file that it reads, which may hold a secret: its content stands on no command line. */
  readonly from?: string;
  /** What it reads otherwise. */
  readonly input?: string;
};

/** Nobody rewrites or deletes the ledger; jobs append to it, so that pushes stay allowed. */
const RULESET = {
  name: 'trainyard ledger',
  target: 'branch',
  enforcement: 'active',
  conditions: { ref_name: { include: [`refs/heads/${LEDGER_BRANCH}`], exclude: [] } },
  rules: [{ type: 'deletion' }, { type: 'non_fast_forward' }],
} as const;

/** The settings of a repository, as commands of the GitHub CLI run in its checkout. */
export function settingCommands(
  environments: readonly string[],
  trackingUri: string | undefined,
): readonly GitHubCommand[] {
  return [
    ...Object.entries(SECRET_FILES).map(([name, file]) => ({
      args: ['secret', 'set', name],
      from: `${SECRETS_FOLDER}/${file}`,
    })),
    {
      args: ['variable', 'set', 'MLFLOW_TRACKING_URI', '--body', trackingUri ?? 'https://mlflow.example.com'],
    },
    ...environments.map((name) => ({
      args: ['api', '--method', 'PUT', `repos/{owner}/{repo}/environments/${name}`],
    })),
    {
      args: ['api', '--method', 'POST', 'repos/{owner}/{repo}/rulesets', '--input', '-'],
      input: JSON.stringify(RULESET),
    },
  ];
}

/** A command as one types it into a shell. */
export function typed({ args, from, input }: GitHubCommand): string {
  const words = ['gh', ...args].map((word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`,
  );
  const line = words.join(' ');
  if (from !== undefined) return `${line} < ${from}`;
  return input === undefined ? line : `echo '${input}' | ${line}`;
}
