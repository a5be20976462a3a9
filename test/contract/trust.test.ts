import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Crossing, type Region, ZONES } from '../../measure/trust/crossing.ts';
import { CROSSINGS } from '../../measure/trust/crossings.ts';
import { findCrossings } from '../../measure/trust/find-crossings.ts';
import { ROOT } from '../../sandbox/checkout.ts';

const WORKFLOWS = ['pipeline.yml', 'monitor.yml'];
const read = (...names: string[]) => readFileSync(path.join(ROOT, ...names), 'utf8');
const { found, strangers } = WORKFLOWS.map((file) =>
  findCrossings(read('.github', 'workflows', file)),
).reduce((all, one) => ({
  found: [...all.found, ...one.found],
  strangers: [...all.strangers, ...one.strangers],
}));

const workflowSchema = z.object({
  jobs: z.record(
    z.string(),
    z.looseObject({
      env: z.unknown().optional(),
      steps: z.array(z.looseObject({ uses: z.string().optional() })).default([]),
    }),
  ),
});
const isUpload = ({ uses }: { readonly uses?: string | undefined }) =>
  uses?.includes('upload-artifact@') === true;

/** Where something that reaches a job comes from. */
function sourceOf(carried: string): Region | undefined {
  const [job = ''] = carried.split('.');
  return /^(checkout |secrets\.|vars\.|github\.)/.test(carried) ? 'github' : ZONES[job];
}

describe('the ways between the zones', () => {
  test('know the zone of every job', () => {
    expect(Object.keys(ZONES)).toEqual(expect.arrayContaining(found.map(({ job }) => job)));
  });

  test.each(found)('name what reaches $job: $carried', ({ carried, job }) => {
    const naming = CROSSINGS.filter(
      ({ from, to, carries }) => carries.includes(carried) && from === sourceOf(carried) && to === ZONES[job],
    );
    expect(naming).toHaveLength(1);
  });

  test.each(CROSSINGS.flatMap((one) => one.carries.map((carried) => [carried, one] as const)))(
    'name nothing that reaches no job: %s',
    (carried, { to }) => {
      const reached = found.filter((one) => one.carried === carried).map(({ job }) => ZONES[job]);
      expect(reached).toContain(to);
    },
  );

  test('lead through no other action, script, cache, artifact or container', () => {
    expect(strangers).toEqual([]);
  });

  test('give what uploads an artifact no secret', () => {
    const jobs = WORKFLOWS.flatMap((file) =>
      Object.values(workflowSchema.parse(parse(read('.github', 'workflows', file))).jobs),
    ).filter(({ steps }) => steps.some(isUpload));
    expect(jobs).toHaveLength(1);
    for (const { env, steps } of jobs) {
      expect(JSON.stringify([env, ...steps.filter(isUpload)])).not.toMatch(/secrets\.|github\.token/);
    }
  });

  test.each(CROSSINGS.flatMap(({ from, to, proofs }) => proofs.map((proof) => ({ from, to, ...proof }))))(
    'from $from to $to have the test $file: $title',
    ({ file, title }) => {
      expect(title).not.toBe('');
      expect(read(...file.split('/'))).toContain(title);
    },
  );
});

describe('user code', () => {
  const reaching = (place: Region) =>
    found.filter(({ job }) => ZONES[job] === place).map(({ carried }) => carried);

  test('is reached by no secret that signs, deploys or speaks for hosts', () => {
    const secrets = reaching('user').filter((carried) => carried.startsWith('secrets.'));
    expect(
      secrets.filter((name) => !/^secrets\.(tracking|training)-|^secrets\.optuna-storage$/.test(name)),
    ).toEqual([]);
  });

  test('comes into no job that judges: these check out the default branch alone', () => {
    const checkouts = reaching('judge').filter((carried) => carried.startsWith('checkout '));
    expect([...new Set(checkouts)].toSorted()).toEqual(['checkout default-branch', 'checkout policy-sha']);
  });
});

test('the event is read by plan alone', () => {
  const readers = listSources('actions').filter((file) =>
    /\bpayload\b[^\n]*= host|host\.payload/.test(read(file)),
  );
  expect(readers).toEqual(['actions/plan/main.ts']);
});

describe('what MLflow says', () => {
  test('is read from its tags by six files alone, each of which asks for a seal first', () => {
    const readers = listSources('actions').filter((file) => /\.tags\b|\btags,|getRunTags/.test(read(file)));
    expect(readers.toSorted()).toEqual([
      'actions/monitor-check/take-up-trainings.ts',
      'actions/monitor-check/tell-searches.ts',
      'actions/train/find-earlier.ts',
      'actions/train/hold-lease.ts',
      'actions/train/project/pin-project.ts',
      'actions/train/search/listen-to.ts',
    ]);
    expect(read('actions/monitor-check/take-up-trainings.ts')).toContain(
      'readLeases(run.tags, run.runId, seal)',
    );
    expect(read('actions/monitor-check/tell-searches.ts')).toContain(
      'readProgress(run.tags, run.runId, seal)',
    );
    expect(read('core/search/progress-tag.ts')).toContain('sealed === seal(factsOf(');
    expect(read('actions/train/find-earlier.ts')).toContain('=== sealOpened(');
    expect(read('actions/train/hold-lease.ts')).toContain('readLeases(tags, runId, seal)');
    expect(read('actions/train/project/pin-project.ts')).toContain('=== sealOf(');
    expect(read('actions/train/search/listen-to.ts')).toContain('readLeases(run.tags, run.runId, seal)');
    expect(read('core/training/lease.ts')).toContain('sealed === seal(factsOf(lease, runId))');
  });
});

test('every pair of places is a way of the picture, drawn once', () => {
  const drawn = [...read('docs', 'security.md').matchAll(/^ {2}(?<from>\w+) -- "[\d, ]+" --> (?<to>\w+)$/gm)];
  const pairs = new Set(CROSSINGS.map(({ from, to }: Crossing) => `${from} ${to}`));
  expect(drawn.map(({ groups }) => `${groups?.['from']} ${groups?.['to']}`)).toEqual([...pairs]);
});

/** Files of TypeScript below a folder of the repository. */
function listSources(folder: string): readonly string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`);
}
