import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../../adapters/clock.ts';
import { createGitLedger } from '../../../adapters/git/ledger.ts';
import { createEvent } from '../../../core/ledger/create-event.ts';
import type { LedgerState } from '../../../core/ledger/state.ts';
import { ok } from '../../../core/result.ts';
import type { Place } from './open-place.ts';

/** Which version of which model. */
type Promoted = { readonly model: string; readonly version: string };

/** Writes into the ledger that a rollout of the version ended well. Gives whether it took it. */
export async function promote(
  { sandbox, folder }: Pick<Place, 'sandbox' | 'folder'>,
  { model, version }: Promoted,
): Promise<boolean> {
  const ledger = createGitLedger({
    remote: sandbox.remote.bare,
    checkout: sandbox.remote.bare,
    clock: systemClock,
    author: { name: 'ada', email: 'ada@example.com' },
    dir: mkdtempSync(path.join(folder, 'ledger-')),
  });
  const workflow = { repository: sandbox.repository.fullName, run: '1', attempt: 1, sha: 'a'.repeat(40) };
  const events = ({ lastEventAt: at = systemClock.now() }: LedgerState) => {
    const context = { model, at, actor: 'ada', cause: { kind: 'manual', id: 'serve' } as const, workflow };
    const where = { rollout: 'r1', environment: 'production', version };
    const what = { ...where, package: `${model}@sha256:${'a'.repeat(64)}` };
    return [
      createEvent(context, 'rollout.started', { ...what, hosts: ['a'], stages: [100], alpha: 0.01 }),
      createEvent(context, 'rollout.promoted', { ...what, code: 'first', explanation: 'It was the first.' }),
    ];
  };
  return (await ledger.append(model, (state) => ok(events(state)))).ok;
}
