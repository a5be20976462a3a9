import { createEvent } from '../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { contextOf, packageOf, versionEvents } from '../actions/support/deployment.ts';
import { AT, attackByDispatch, plannedCode, SERVED } from '../actions/support/dispatch-attack.ts';
import { useLedgerRemote } from '../adapters/support/ledger-remote.ts';
import { append } from './ledger/support/ledger-writer.ts';
import { play } from './support/play.ts';

const { openLedger } = useLedgerRemote();

/** A holder of production's secret, and what plan makes of what they send, on a ledger in git with these events. */
async function attack(events: readonly LedgerEvent[] = SERVED) {
  const ledger = openLedger();
  await append(ledger, ...events);
  const { send } = attackByDispatch(events);
  return {
    ledger,
    ask: (type: string, change: Omit<NonNullable<Parameters<typeof send>[1]>, 'ledger'> = {}) =>
      plannedCode(send(type, { ...change, ledger })).then(String),
  };
}

play('D1', async () => {
  const { ask } = await attack();
  const types = ['retrain', 'brake', 'rollout', 'heartbeat', 'drift', 'label-drift'];
  const codes = [];
  for (const type of types) codes.push(await ask(type, { secret: 'that-of-staging' }));
  return [...new Set(codes)].join();
});

play('D2', async () => {
  const { ask, ledger } = await attack();
  const ids = Array.from({ length: 20 }, (_, index) => `attack-number-${index}`);
  const codes = await Promise.all(ids.map((id) => ask('retrain', { id })));
  const asked = Object.keys((await ledger.read('mnist')).trainings).length;
  const begun = codes.filter((code) => code === 'train').length;
  const refused = [...new Set(codes.filter((code) => code !== 'train'))];
  return asked === 1 && begun === 1 ? refused.join() : `${begun} of ${asked} trainings begun`;
});

play('D3', async () => {
  const { ask } = await attack();
  return ask('retrain', { body: { parameters: { 'lr; id': 1 } } });
});

play('D4', async () => {
  const where = { rollout: 'rollout-3', environment: 'production', version: '3', stable: '2' };
  const started = createEvent(contextOf('deploy-3'), 'rollout.started', {
    ...{ ...where, package: packageOf('3'), hosts: ['a'], stages: [50, 100], alpha: 0.01 },
  });
  const { ask } = await attack([...SERVED, ...versionEvents('3'), started]);
  return ask('brake', { body: { rollout: 'rollout-1', code: 'errors-worse' } });
});

play('D5', async () => {
  const { ask } = await attack([...SERVED, ...versionEvents('3')]);
  return ask('brake', { body: { rollout: '', code: 'by-hand', version: '2', to: '3', at: AT } });
});
