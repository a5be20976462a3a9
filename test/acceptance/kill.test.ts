import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { formatMoment } from '../../measure/kill/report.ts';
import { runKills } from '../../measure/kill/run-kills.ts';
import { discard } from '../../sandbox/machine/discard.ts';

/** Ten rollouts on a machine that has other things to do, in ms. */
const TIMEOUT_MS = 900_000;

/** What `npm run test:kill` does 200 times. */
test('six rollouts in which the agent is killed, also with its model servers and with the deploy job, end as undisturbed ones', {
  timeout: TIMEOUT_MS,
}, async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ty-kill-'));
  try {
    const lines: string[] = [];
    const lanes = await runKills(
      { folder, seed: 'c', moments: 6, lanes: 1 },
      {
        measured: () => undefined,
        played: (result) => lines.push(formatMoment(result, '')),
      },
    );
    const played = lanes.flatMap(({ results }) => results);
    const problems = [...played, ...lanes].flatMap((one) => one.problems);
    expect(problems, lines.join('\n')).toEqual([]);
    expect(new Set(played.map(({ moment }) => moment.kind)).size).toBe(3);
    expect(played.every(({ phase }) => phase !== 'nowhere')).toBe(true);
  } finally {
    discard(folder);
  }
});
