import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../../sandbox/checkout.ts';

const read = (...names: string[]) => readFileSync(path.join(ROOT, ...names), 'utf8');
const jobSchema = z.looseObject({
  permissions: z.record(z.string(), z.string()).default({}),
  steps: z.array(z.looseObject({ run: z.string().default('') })),
});
const workflowSchema = z.looseObject({ jobs: z.record(z.string(), jobSchema) });

describe('release.yml', () => {
  const { jobs } = workflowSchema.parse(parse(read('.github', 'workflows', 'release.yml')));

  it('runs no script of a package beside what may write and sign', () => {
    const may = Object.values(jobs).filter(({ permissions }) => Object.values(permissions).includes('write'));
    expect(may).toHaveLength(1);
    for (const { steps } of may)
      expect(steps.map(({ run }) => run).join('\n')).not.toMatch(/\b(?:npm|npx|pip|uv)\b|\.ci\/run/);
  });

  it('releases what is on the default branch alone', () => {
    const runs = jobs['verify']?.steps.map(({ run }) => run).join('\n');
    expect(runs).toContain('compare/$BRANCH...$GITHUB_SHA');
    expect(runs).toContain('test "$status" = identical || test "$status" = behind');
    expect(jobs['publish']).toMatchObject({ needs: 'verify' });
  });

  it('gives the workflows for GitHub Enterprise Server with nothing but Node', () => {
    const script = path.join('scripts', 'generate-pinned-workflows.ts');
    for (const file of [script, path.join('sandbox', 'runner', 'pinned-workflow.ts')]) {
      const imports = [...read(file).matchAll(/from '([^']+)'/g)].map(([, from]) => from);
      expect(
        imports.filter((from) => !/^node:|^\.\.\/sandbox\/runner\/pinned-workflow/.test(from ?? '')),
      ).toEqual([]);
    }
  });
});
