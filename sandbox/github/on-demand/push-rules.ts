import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A rule that keeps people from pushing to branches: of a ruleset (`GH013`) or of branch protection (`GH006`). */
export type PushRule = {
  readonly kind: 'ruleset' | 'protection';
  /** Branches as GitHub writes them, `main` or `release/*`. */
  readonly branches: string;
  /** Logins that the rule lets pass. */
  readonly bypass?: readonly string[];
};

/** Sets the rules of a bare repository, in the place of those it had. They hold for every push, as git's `update` hook. */
export function setPushRules(bare: string, rules: readonly PushRule[]): void {
  const hook = path.join(bare, 'hooks', 'update');
  rmSync(hook, { force: true });
  if (rules.length === 0) return;
  writeFileSync(hook, hookOf(rules));
  chmodSync(hook, 0o755);
}

/** Git gives the ref; the web server, or whoever pushes from beside the repository, names the person. */
function hookOf(rules: readonly PushRule[]): string {
  return `#!${process.execPath}
const { matchesGlob } = require('node:path');
const [ref] = process.argv.slice(2);
const branch = ref.replace('refs/heads/', '');
const person = process.env.REMOTE_USER ?? '';
const broken = ${JSON.stringify(rules)}.find(({ branches, bypass = [] }) => matchesGlob(branch, branches) && !bypass.includes(person));
if (broken !== undefined) {
  const said = broken.kind === 'ruleset'
    ? \`error: GH013: Repository rule violations found for \${ref}.\`
    : \`error: GH006: Protected branch update failed for \${ref}.\`;
  console.error(\`\${said}\n\n- Changes must be made through a pull request.\n\`);
  process.exit(1);
}
`;
}
