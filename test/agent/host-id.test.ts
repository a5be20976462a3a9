import { rmSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { describeState } from '../../agent/api/describe-state.ts';
import type { AgentContext } from '../../agent/context.ts';
import { databaseFile } from '../../agent/options/options.ts';
import { report } from '../../agent/outbox/report.ts';
import { openStore } from '../../agent/store/store.ts';
import { captureWindowSchema, mergeWindows } from '../../core/drift/window.ts';
import { DISPATCH_TYPES } from '../../core/names.ts';
import { type FakeHost, openFakeHost } from './support/fake-context.ts';

const open: FakeHost[] = [];
afterEach(() => {
  for (const host of open.splice(0)) host.close();
});

/** A host that calls itself as every other does. */
function openLocalhost(): FakeHost {
  const host = openFakeHost({ 'host-name': 'localhost', repository: 'octo/models' });
  open.push(host);
  return host;
}

const windowsOf = ({ windows }: AgentContext['store']) =>
  windows.texts(windows.numbersAfter('mnist', 0)).map((text) => captureWindowSchema.parse(JSON.parse(text)));

const BETWEEN = { from: '2026-01-01T00:00:00Z', to: '2026-01-01T00:05:00Z' };
const SUBJECT = { type: DISPATCH_TYPES.brake, model: 'mnist', step: 'rollout/errors-worse' };

function writeAll({ store, options }: AgentContext): void {
  const latency = { edges: [1], counts: [1, 0] };
  const arm = { requests: 1, errors: 0, unanswered: 0, refused: 0, invalid: 0, latency };
  const { hostName: host } = options;
  store.addObservation('mnist', 'r', {
    ...{ host, at: BETWEEN.to, seconds: 5, stage: 0, weights: { candidate: 10 } },
    ...{ candidate: arm, stable: arm },
  });
  store.windows.add({
    ...{ schema: 'trainyard.window/1', host, model: 'mnist', version: '1', ...BETWEEN },
    ...{ n: 1, features: {}, prediction: { counts: [1] }, invalid: 0, refused: 0 },
  });
}

describe('two hosts of one name', () => {
  test('are told apart in state, observations, windows and reports', async () => {
    const ids = await Promise.all(
      [openLocalhost(), openLocalhost()].map(async ({ context }) => {
        writeAll(context);
        report(context, SUBJECT, {});
        const { store } = context;
        const { hostId, host } = await describeState(context);
        expect(host).toBe('localhost');
        expect(store.observations('mnist', 'r', 0)).toMatchObject([{ hostId, host, seq: 1 }]);
        expect(windowsOf(store)).toMatchObject([{ hostId, host, seq: 1 }]);
        const payload = store.outbox.next(DISPATCH_TYPES.brake, context.clock.now())?.payload;
        expect(payload).toMatchObject({ hostId, from: host });
        return { hostId, report: payload?.id, windows: windowsOf(store) };
      }),
    );
    const [first, second] = ids;
    expect(first?.hostId).not.toBe(second?.hostId);
    expect(first?.report).not.toBe(second?.report);
    expect(mergeWindows(first?.windows ?? [], second?.windows ?? [])).toHaveLength(2);
  });
});

describe('the id of a host', () => {
  test('stays over a restart, and what was written before is still its own', () => {
    const host = openLocalhost();
    writeAll(host.context);
    const { hostId } = host.context.store;
    const { store } = host.reopen();
    expect(store.hostId).toBe(hostId);
    expect(windowsOf(store)).toMatchObject([{ hostId }]);
  });

  test('is another one when the database was lost, so that numbers which begin again are no replay', () => {
    const { context, folder } = openLocalhost();
    const before = context.store.hostId;
    context.store.close();
    for (const end of ['', '-wal', '-shm']) rmSync(`${databaseFile(folder)}${end}`, { force: true });
    const after = openStore(databaseFile(folder));
    expect(after.hostId).not.toBe(before);
    after.close();
    rmSync(folder, { recursive: true });
    open.pop();
  });
});
