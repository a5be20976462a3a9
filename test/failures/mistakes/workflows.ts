import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../../sandbox/checkout.ts';
import { byCheck } from '../support/by-command.ts';
import type { Mistake } from '../support/mistake.ts';

const CALLER = '.github/workflows/trainyard.yml';
const template = readFileSync(path.join(ROOT, 'workflows-templates', 'trainyard.yml'), 'utf8');

function withCaller(part: string, other: string) {
  if (!template.includes(part)) throw new TypeError(`The template holds no ${part}.`);
  return () => byCheck({ [CALLER]: template.replace(part, other) });
}

/** What is wrong with the workflows. */
export const WORKFLOWS: readonly Mistake[] = [
  {
    does: 'No workflow calls the pipeline',
    place: 'check',
    code: 'no-pipeline',
    names: /init/,
    play: () => byCheck({ [CALLER]: undefined }),
  },
  {
    does: "The workflow waits for pushes of GitHub's placeholder",
    place: 'check',
    code: 'branch-unfilled',
    names: /\btrunk\b/,
    play: withCaller("branches: ['**']", 'branches: [$default-branch]'),
  },
  {
    does: 'The workflow waits for pushes of another branch',
    place: 'check',
    code: 'other-branch',
    names: /\btrunk\b/,
    play: withCaller("branches: ['**']", 'branches: [main]'),
  },
  {
    does: 'The workflow grants a permission too few',
    place: 'check',
    code: 'permissions-missing',
    names: /contents: write/,
    play: withCaller('contents: write', 'contents: read'),
  },
  {
    does: 'A secret is passed by another name',
    place: 'check',
    code: 'unknown-secret',
    names: /agent-token/,
    play: withCaller('agent-token:', 'agents-token:'),
  },
  {
    does: 'Labels of a runner are no JSON',
    place: 'check',
    code: 'runner-not-json',
    names: /self-hosted/,
    play: withCaller(`'["self-hosted", "gpu"]'`, 'gpu'),
  },
];
