import { hasRemoteBranch } from '../../adapters/git/describe-checkout.ts';
import { findLackOfLimit, findUnjudged } from '../../core/check/check-gate.ts';
import { type Checked, errors, warnings } from '../../core/check/checked.ts';
import type { Config } from '../../core/config/config.ts';
import { placeProblems } from '../../core/config/place-problems.ts';
import { LEDGER_BRANCH } from '../../core/names.ts';
import type { About } from './about.ts';

const SUBJECT = 'gate';

/** Looks whether rules suit what models answer, and whether a first one could pass where there has been none. */
export async function lookAtGate(
  { folder, file, text, isCheckout }: About,
  { env }: { readonly env: Readonly<Record<string, string | undefined>> },
  config: Config,
): Promise<readonly Checked[]> {
  const place = (problems: ReturnType<typeof findUnjudged>) => placeProblems(text, file, problems);
  // A job fetches one branch: that the ledger is not among what it has says nothing there.
  const isNew =
    env['GITHUB_ACTIONS'] !== 'true' && isCheckout && !(await hasRemoteBranch(folder, LEDGER_BRANCH));
  return [
    ...errors(SUBJECT, place(findUnjudged(config))),
    ...(isNew ? warnings(SUBJECT, place(findLackOfLimit(config))) : []),
  ];
}
