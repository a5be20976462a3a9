import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../sandbox/checkout.ts';
import { BEGINNING } from './mistakes/beginning.ts';
import { COMMANDS } from './mistakes/commands.ts';
import { CONFIGURATION } from './mistakes/configuration.ts';
import { DATA } from './mistakes/data.ts';
import { HOSTS } from './mistakes/hosts.ts';
import { PROJECT } from './mistakes/project.ts';
import { SERVICES } from './mistakes/services.ts';
import { TRAINING } from './mistakes/training.ts';
import { WORKFLOWS } from './mistakes/workflows.ts';
import type { Answer, Mistake } from './support/mistake.ts';
import { type PlayedGroup, renderFailures } from './support/render-failures.ts';

/** So many mistakes of the first hour are played at least. */
const LEAST = 40;
const GROUPS: readonly (readonly [title: string, mistakes: readonly Mistake[]])[] = [
  ['Beginning', BEGINNING],
  ['trainyard.yml', CONFIGURATION],
  ['The MLflow Project', PROJECT],
  ['Data and holdout', DATA],
  ['Workflows', WORKFLOWS],
  ['Comments and pushes', COMMANDS],
  ['The training', TRAINING],
  ['MLflow, runners and the way to hosts', SERVICES],
  ['Hosts and rollouts', HOSTS],
];
const played = new Map<Mistake, Answer>();

describe.each(GROUPS)('%s', (_, mistakes) => {
  test.each(mistakes)('$does', async (mistake) => {
    const answers = await mistake.play();
    expect(answers.map(({ code }) => code)).toEqual([mistake.code]);
    const [answer] = answers;
    expect(answer?.said).toMatch(mistake.names);
    if (answer !== undefined) played.set(mistake, answer);
  });
});

test('docs/failures.md says what was answered: `npm run failures` writes it', async () => {
  const groups: readonly PlayedGroup[] = GROUPS.map(([title, mistakes]) => ({
    title,
    rows: mistakes.flatMap((mistake) => {
      const answer = played.get(mistake);
      return answer === undefined ? [] : [{ mistake, answer }];
    }),
  }));
  expect(played.size).toBeGreaterThanOrEqual(LEAST);
  await expect(renderFailures(groups)).toMatchFileSnapshot(path.join(ROOT, 'docs', 'failures.md'));
});
