import { newTitlePage, TITLE_PAGE } from '../../../core/ledger/head/title-page.ts';
import { LEDGER_BRANCH } from '../../../core/names.ts';
import type { GitRemote } from '../../../sandbox/github/git-remote.ts';

/** A person begins the ledger: where no host answers, nothing else can say that there was none. */
export function beginLedger(remote: GitRemote, author: string): void {
  const files = { [TITLE_PAGE]: newTitlePage() };
  remote.commit({ branch: LEDGER_BRANCH, files, message: 'Begin the ledger', author });
}
