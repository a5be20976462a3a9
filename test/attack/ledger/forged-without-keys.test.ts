import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../../../core/ledger/event.ts';
import { environmentOf, type LedgerState } from '../../../core/ledger/state.ts';
import { packageOf } from '../../core/ledger/ledger-support.ts';
import { forge, useAttackedLedger } from './support/ledger-writer.ts';

const { begin, clone, openLedger, write } = useAttackedLedger();

/** What a ledger without any signature says after a line by hand, and what the job that reads it is warned of. */
async function readAfter(
  make: (last: string) => string,
): Promise<{ readonly state: LedgerState; readonly said: readonly string[] }> {
  await begin('no-keys');
  const eve = await clone();
  const lines = await eve.read();
  await eve.commit([...lines, make(lines.at(-1) ?? '')]);
  await eve.push();
  const said: string[] = [];
  const ledger = openLedger({ onWarning: (warning) => said.push(warning) });
  return { state: await ledger.read('mnist'), said };
}

function rolledBack(stable: string): LedgerEvent {
  return write('rollout.rolled-back', {
    ...{ rollout: 'r2', environment: 'production', version: '2', stable },
    ...{ code: 'requested', explanation: 'Trust me.' },
  });
}

describe('a line that is forged where nobody has a key', () => {
  it('moves no champion to a version that never served there', async () => {
    const { state } = await readAfter((last) => forge(rolledBack('99'), last));
    expect(environmentOf(state, 'production').champion?.version).toBe('2');
  });

  it('gives the version that serves no other package', async () => {
    const built = { version: '2', runId: 'run-2', artifactPath: 'p', sizeBytes: 1 };
    const other = write('package.built', { ...built, package: packageOf('666') });
    const { state } = await readAfter((last) => forge(other, last));
    expect(state.versions['2']?.package?.package).toBe(packageOf('2'));
  });

  it('is named when its time has not come', async () => {
    const late = { ...write('frozen', { reason: 'for ever' }), at: '2099-01-01T00:00:00.000Z' };
    const { said } = await readAfter((last) => forge(late, last));
    expect(said).toEqual([expect.stringContaining('says 2099-01-01T00:00:00.000Z, which has not come')]);
  });

  it.each(['9999-12.jsonl', 'zz.jsonl'])(
    'is refused in a file of a month that has not come, or of none: %s',
    async (name) => {
      await begin('no-keys');
      const eve = await clone();
      const line = forge(write('frozen', { reason: 'for ever' }), (await eve.read()).at(-1) ?? '');
      await eve.commitFile(`events/mnist/${name}`, `${line}\n`);
      await eve.push();
      await expect(openLedger().read('mnist')).rejects.toMatchObject({
        problems: [{ code: 'ledger-misplaced', where: { file: `trainyard:events/mnist/${name}`, line: 1 } }],
      });
    },
  );

  it.each(['', ' ', undefined])('is no event when nobody is behind it: %j', async (actor) => {
    const frozen = write('frozen', { reason: 'holidays' });
    const line = (last: string) => forge(Object.assign({ ...frozen }, { actor }), last);
    await expect(readAfter(line)).rejects.toMatchObject({ problems: [{ code: 'ledger-line' }] });
  });
});
