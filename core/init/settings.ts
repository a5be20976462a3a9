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

/** The variable that a new configuration takes the address of MLflow from. */
const TRACKING_VARIABLE = 'MLFLOW_TRACKING_URI';

/** Nobody rewrites or deletes the ledger; jobs append to it, so that pushes stay allowed. */
const RULESET = {
  name: 'trainyard ledger',
  target: 'branch',
  enforcement: 'active',
  conditions: { ref_name: { include: [`refs/heads/${LEDGER_BRANCH}`], exclude: [] } },
  rules: [{ type: 'deletion' }, { type: 'non_fast_forward' }],
} as const;

/** One setting of a repository, and the command that makes it or replaces it. */
export type Setting = {
  readonly kind: keyof typeof SETTING_LISTS;
  /** As the list of its kind names it. */
  readonly name: string;
  readonly command: GitHubCommand;
  /** Whether only a person knows its value: the command asks for it. */
  readonly isAsked?: boolean;
};

/** Arguments of the GitHub CLI that list what is set, a name at the start of each line. */
export const SETTING_LISTS = {
  secret: ['secret', 'list'],
  variable: ['variable', 'list'],
  environment: ['api', '--paginate', 'repos/{owner}/{repo}/environments', '--jq', '.environments[].name'],
  ruleset: ['api', '--paginate', 'repos/{owner}/{repo}/rulesets', '--jq', '.[].name'],
} as const;

/** The settings of a repository, made by commands of the GitHub CLI run in its checkout. */
export function settingsOf(
  environments: readonly string[],
  trackingUri: string | undefined,
): readonly Setting[] {
  const isKnown = trackingUri !== undefined && trackingUri !== '';
  return [
    ...Object.entries(SECRET_FILES).map(([name, file]) => ({
      kind: 'secret' as const,
      name,
      command: { args: ['secret', 'set', name], from: `${SECRETS_FOLDER}/${file}` },
    })),
    {
      kind: 'variable',
      name: TRACKING_VARIABLE,
      command: { args: ['variable', 'set', TRACKING_VARIABLE, ...(isKnown ? ['--body', trackingUri] : [])] },
      isAsked: !isKnown,
    },
    ...environments.map((name) => ({
      kind: 'environment' as const,
      name,
      command: { args: ['api', '--method', 'PUT', `repos/{owner}/{repo}/environments/${name}`] },
    })),
    {
      kind: 'ruleset',
      name: RULESET.name,
      command: {
        args: ['api', '--method', 'POST', 'repos/{owner}/{repo}/rulesets', '--input', '-'],
        input: JSON.stringify(RULESET),
      },
    },
  ];
}

/** Whether a list of the GitHub CLI names a setting. GitHub tells capitals apart in none of these names. */
export function isListed(lines: readonly string[], name: string): boolean {
  return lines.some((line) => line.split('\t')[0]?.toLowerCase() === name.toLowerCase());
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
