import { expect, test } from 'vitest';
import { DISPATCH_TYPES } from '../../core/names.ts';
import { trainingsAskedIn } from '../../measure/scenes/drift-routes.ts';

const dispatch = (type: string, id: string) => ({
  event: {
    ...{ name: 'repository_dispatch' as const, type, sha: 'abc', actor: 'trainyard' },
    payload: { action: type, client_payload: { v: 1, id } },
  },
});
const tick = {
  event: { name: 'schedule' as const, sha: 'abc', actor: 'bot', payload: { schedule: '0 * * * *' } },
};

test('a training that is asked for again is one, and another one is counted', () => {
  const [first, again, other] = ['retrain-1-v7', 'retrain-1-v7', 'retrain-2-v7'].map((id) =>
    dispatch(DISPATCH_TYPES.retrain, id),
  );
  if (first === undefined || again === undefined || other === undefined) throw new Error('There are three.');
  const report = dispatch(DISPATCH_TYPES.labelDrift, 'label-drift-7');
  expect(trainingsAskedIn([tick, report])).toEqual([]);
  expect(trainingsAskedIn([tick, first, report, again])).toEqual(['retrain-1-v7']);
  expect(trainingsAskedIn([first, again, other])).toEqual(['retrain-1-v7', 'retrain-2-v7']);
});
