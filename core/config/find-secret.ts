const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:gh[pousr]_[A-Za-z0-9._-]{20,}|github_pat_\w{20,})/, 'a GitHub token'],
  [/\bglpat-[\w-]{20,}/, 'a GitLab token'],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/, 'an AWS access key'],
  [/\bxox[abprs]-[\w-]{10,}/, 'a Slack token'],
  [/\bhf_[A-Za-z0-9]{30,}/, 'a Hugging Face token'],
  [/\bdapi[0-9a-f]{32}\b/, 'a Databricks token'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key'],
  [/^[a-z][a-z0-9+.-]*:\/\/[^/\s:@$]*:[^/\s@$]+@/i, 'an address with a password'],
];

/** What kind of secret a text holds, in words; `undefined` when none is recognised. */
export function findSecret(text: string): string | undefined {
  return SECRETS.find(([form]) => form.test(text))?.[1];
}
