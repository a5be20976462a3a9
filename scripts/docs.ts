import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  cell,
  insertTables,
  parseActionFile,
  renderActions,
  renderTables,
} from '../actions/job/action-tables.ts';
import { CONTRACTS } from '../actions/job/contract.ts';
import { insertTables as insertAgentTables } from '../agent/readme-tables.ts';
import { handlerDigest } from '../agent/runtimes/process/check-handler.ts';
import { commandTables } from '../cli/readme-tables.ts';
import { configReference } from '../core/config/schema/reference.ts';
import { publishedSchema } from '../core/config/schema/schema-node.ts';
import { defineMetrics } from '../core/gate/metrics/definitions.ts';
import { insertAttempts } from '../measure/attack/attempts-table.ts';
import { findPlays } from '../measure/attack/find-plays.ts';
import { insertWeakenings } from '../measure/attack/weakenings-table.ts';
import { insertCrossings } from '../measure/trust/render-crossings.ts';
import { ROOT } from '../sandbox/checkout.ts';
import { keepDigest } from '../sandbox/keep-digest.ts';

process.exitCode = main(process.argv.slice(2));

/** Writes what is generated in the documents: with `--check` it only says what is out of date. Gives the exit code. */
function main(argv: readonly string[]): number {
  const isCheck = argv.includes('--check');
  const stale = generate().filter(
    ({ file, text }) => !existsSync(file) || readFileSync(file, 'utf8') !== text,
  );
  for (const { file, text } of stale) {
    if (!isCheck) writeFileSync(file, text);
    console.log(`${isCheck ? 'out of date' : 'written'}: ${path.relative(ROOT, file)}`);
  }
  if (isCheck && stale.length > 0) console.error('Run `npm run docs`.');
  return isCheck && stale.length > 0 ? 1 : 0;
}

type Generated = { readonly file: string; readonly text: string };

function generate(): readonly Generated[] {
  const actions = Object.fromEntries(
    Object.keys(CONTRACTS).map((name) => {
      const file = path.join(ROOT, 'actions', name, 'action.yml');
      return [name, parseActionFile(readFileSync(file, 'utf8'))];
    }),
  );
  const readmes = Object.entries(actions).map(([name, action]) =>
    withTables(path.join(ROOT, 'actions', name, 'README.md'), renderTables(action)),
  );
  const overview = withTables(path.join(ROOT, 'README.md'), renderActions(actions));
  const commands = withTables(path.join(ROOT, 'cli', 'README.md'), commandTables());
  return [
    ...readmes,
    overview,
    commands,
    agentReadme(),
    rootAction(),
    configuration(),
    metrics(),
    schema(),
    handlerOf(),
    security(),
  ];
}

function withTables(file: string, tables: string): Generated {
  return { file, text: insertTables(readFileSync(file, 'utf8'), tables) };
}

/** The agent's options and routes, from the tables that it runs by. */
function agentReadme(): Generated {
  const file = path.join(ROOT, 'agent', 'README.md');
  return { file, text: insertAgentTables(readFileSync(file, 'utf8')) };
}

/**
 * Who believes what of whom, from the list that a test holds against the workflows; and what attackers try, and how it ends, from the list
 * that the tests of attacks go by; and what a pull request is told that changes what judges it.
 */
function security(): Generated {
  const file = path.join(ROOT, 'docs', 'security.md');
  const crossed = insertCrossings(readFileSync(file, 'utf8'));
  return { file, text: insertWeakenings(insertAttempts(crossed, findPlays(ROOT))) };
}

/** Every key of trainyard.yml, from the schema that validates it. */
function configuration(): Generated {
  const rows = configReference().map(({ key, type, required, default: fallback, description }) => {
    const given = required ? 'required' : fallback === undefined ? '' : `\`${cell(fallback)}\``;
    return `| \`${key}\` | ${cell(type)} | ${given} | ${cell(description)} |`;
  });
  const head = ['| Key | Type | Default | What it is |', '| --- | --- | --- | --- |'];
  const variables = `A value may name variables of the environment: \`\${NAME}\`, \`\${NAME:-default}\` where it may be missing; \`$\${NAME}\` is the text itself. Jobs get them from the input \`env\` of the workflows that they are called by, else from the repository variable \`TRAINYARD_ENV\` (\`NAME=value\`, a line each, and no secrets), else from the runner. A job that reads a section without its variable fails by its name; \`trainyard check\` names those that are not set where it runs. A training gets those that the file of the default branch names.`;
  const text = ['# trainyard.yml', '', variables, '', ...head, ...rows, ''].join('\n');
  return { file: path.join(ROOT, 'docs', 'configuration.md'), text };
}

/** Every metric of the holdout, from the table that the gate judges by. */
function metrics(): Generated {
  const rows = defineMetrics().map(({ name, otherNames, tasks, direction, definition = '' }) => {
    const others = otherNames.map((other) => `\`${other}\``).join(', ');
    return `| \`${name}\` | ${cell(definition)} | ${direction} | ${tasks.join(', ')} | ${others} |`;
  });
  const head = [
    '| Metric | What it is | Better is | Tasks | Other names |',
    '| --- | --- | --- | --- | --- |',
  ];
  return withTables(path.join(ROOT, 'docs', 'metrics.md'), [...head, ...rows].join('\n'));
}

/** The JSON Schema of trainyard.yml, for completion in editors. */
function schema(): Generated {
  const text = `${JSON.stringify(publishedSchema(), undefined, 2)}\n`;
  return { file: path.join(ROOT, 'docs', 'trainyard.schema.json'), text };
}

/** The digests of the handlers that packages get and got, by which hosts know them. */
function handlerOf(): Generated {
  const runtime = path.join(ROOT, 'runtime', 'trainyard');
  const listed = /SERVED_MODULES = \(([^)]*)\)/.exec(readFileSync(path.join(runtime, 'package.py'), 'utf8'));
  const modules = [...(listed?.[1] ?? '').matchAll(/"(\w+)"/g)].map(([, name = '']) => `${name}.py`);
  const served = modules.map((name) => [`trainyard/${name}`, path.join(runtime, name)] as const);
  const entry = ['trainyard_handler.py', path.join(runtime, 'torchserve_entry.py')] as const;
  const files = new Map([...served, entry].map(([name, source]) => [name, readFileSync(source)]));
  const file = path.join(ROOT, 'core', 'serving', 'handler-digests.ts');
  return { file, text: keepDigest(readFileSync(file, 'utf8'), handlerDigest(files)) };
}

/** The root action is plan under the repository's own name, so that `uses: owner/repo@v1` works. */
function rootAction(): Generated {
  const text = readFileSync(path.join(ROOT, 'actions', 'plan', 'action.yml'), 'utf8')
    .replace(/^name: .*$/m, 'name: Trainyard')
    .replace('main: ../dist/plan.mjs', 'main: actions/dist/plan.mjs');
  return { file: path.join(ROOT, 'action.yml'), text };
}
