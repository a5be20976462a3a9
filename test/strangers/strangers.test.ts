import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { STATE_DIR } from '../../sandbox/checkout.ts';
import { discard } from '../../sandbox/machine/discard.ts';
import { openRehearsal } from '../acceptance/support/play-stranger.ts';
import {
  createStrangerProject,
  putInTheYard,
  STRANGERS,
  type StrangerName,
} from '../acceptance/support/strangers.ts';

const NAMES = Object.keys(STRANGERS).filter((name): name is StrangerName => name in STRANGERS);
const REPORT = path.join(STATE_DIR, 'reports', 'strangers');

test.each(NAMES)(
  '%s: from a project to a canary and back, by the documents alone',
  async (name) => {
    const start = performance.now();
    const stranger = createStrangerProject(name);
    expect(putInTheYard(stranger)).toBe('0 errors, 1 warning.');
    const rehearsal = await openRehearsal(stranger);
    try {
      stranger.trainyard('sandbox', 'push');
      expect(await rehearsal.nextEnd()).toMatch(/^push success: .*judge gate-passed.*deploy promoted/);
      const answer = await rehearsal.ask();
      expect(answer).toMatchObject({ predictions: expect.anything() });
      rehearsal.sendTraffic();
      stranger.trainyard('sandbox', 'comment', stranger.train);
      expect(await rehearsal.nextEnd()).toMatch(/judge gate-passed.*deploy promoted/);
      stranger.trainyard('sandbox', 'comment', '/rollback');
      expect(await rehearsal.nextEnd()).toMatch(/take-back rolled-back/);
      const seconds = Math.round((performance.now() - start) / 1_000);
      mkdirSync(REPORT, { recursive: true });
      const report = { seconds, waited: rehearsal.waited, answer };
      writeFileSync(path.join(REPORT, `${name}.json`), `${JSON.stringify(report, undefined, 2)}\n`);
    } finally {
      await rehearsal.close();
      discard(path.dirname(stranger.folder));
    }
  },
  1_500_000,
);
