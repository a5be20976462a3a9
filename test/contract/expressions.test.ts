import { readFileSync } from 'node:fs';
import path from 'node:path';
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../../sandbox/checkout.ts';

const jobSchema = z.looseObject({
  concurrency: z.looseObject({ group: z.string() }),
  environment: z.looseObject({ name: z.string() }),
});
const workflowSchema = z.looseObject({ jobs: z.looseObject({ deploy: jobSchema }) });

/** The deploy job, whose expressions act does not evaluate: it knows no concurrency and no environments. */
const { deploy } = workflowSchema.parse(
  parse(readFileSync(path.join(ROOT, '.github', 'workflows', 'pipeline.yml'), 'utf8')),
).jobs;

type Tree = { readonly [name: string]: string | Tree };

function toData(tree: Tree): data.Dictionary {
  return new data.Dictionary(
    ...Object.entries(tree).map(([key, value]) => ({
      key,
      value: typeof value === 'string' ? new data.StringData(value) : toData(value),
    })),
  );
}

/** A text of a workflow with its expressions evaluated by GitHub's own library. */
function evaluate(text: string, contexts: Tree): string {
  return text.replaceAll(/\$\{\{(?<expression>.*?)\}\}/g, (_all, expression: string) => {
    const { tokens } = new Lexer(expression.trim()).lex();
    const tree = new Parser(tokens, Object.keys(contexts), []).parse();
    return new Evaluator(tree, toData(contexts)).evaluate().coerceString();
  });
}

function planned(operation: string, environment = 'production'): Tree {
  const outputs = { operation, environment };
  return { inputs: { config: 'trainyard.yml' }, needs: { plan: { outputs } } };
}

const OPERATIONS = ['train', 'deploy', 'promote', 'rollback', 'hold', 'resume', 'advance'];

describe('the deploy job', () => {
  test('queues each operation by itself: a rollback never waits for the rollout it ends', () => {
    const groups = OPERATIONS.map((operation) => evaluate(deploy.concurrency.group, planned(operation)));
    expect(new Set(groups).size).toBe(OPERATIONS.length);
    expect(evaluate(deploy.concurrency.group, planned('deploy', 'staging'))).not.toBe(
      evaluate(deploy.concurrency.group, planned('deploy')),
    );
  });

  test.each(['rollback', 'hold'])('asks for no approval of a %s', (operation) => {
    expect(evaluate(deploy.environment.name, planned(operation))).toBe('');
  });

  test.each(['deploy', 'promote', 'resume', 'advance'])('asks the environment for a %s', (operation) => {
    expect(evaluate(deploy.environment.name, planned(operation))).toBe('production');
  });
});
