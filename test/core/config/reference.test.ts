import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configReference } from '../../../core/config/schema/reference.ts';
import { publishedSchema } from '../../../core/config/schema/schema-node.ts';

describe('the published schema', () => {
  it('is the one in docs/', async () => {
    const file = await readFile(new URL('../../../docs/trainyard.schema.json', import.meta.url), 'utf8');
    expect(JSON.parse(file)).toEqual(publishedSchema());
  });

  it('accepts what the parser accepts and refuses what it refuses', () => {
    const validate = new Ajv2020({ strict: false }).compile(publishedSchema());
    const good = `version: 1
model: mnist
gate: [{ metric: accuracy, floor: 0.9, margin: 0.5pp, slices: digit }]
data: { holdout: { path: h.npz } }
project: { timeout: 6h }
environments: { production: { hosts: ["https://a:1"], rollout: { max-error-rate: 1% } } }
`;
    expect(validate(parse(good)), JSON.stringify(validate.errors)).toBe(true);
    expect(validate(parse(good.replace('6h', 'six hours')))).toBe(false);
    expect(validate(parse(good.replace('model:', 'modle:')))).toBe(false);
  });
});

describe('the reference of the configuration', () => {
  it('describes every key', () => {
    const rows = configReference();
    expect(rows.length).toBeGreaterThan(70);
    expect(rows.filter(({ description }) => description === '')).toEqual([]);
  });

  it('says types, defaults and what is required', () => {
    const row = (key: string) => configReference().find((candidate) => candidate.key === key);
    expect(row('model')).toMatchObject({ required: true, type: 'text' });
    expect(row('project.timeout')).toMatchObject({ required: false, default: '6h' });
    expect(row('environments.<name>.rollout.stages')).toMatchObject({
      type: 'list of number',
      default: '[1,10,50,100]',
    });
    expect(row('gate[].require')).toMatchObject({ type: 'non-inferior | superior', default: undefined });
  });
});
