import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isMap, parseDocument } from 'yaml';

const CONFIG = 'trainyard.yml';
const CALLER = '.github/workflows/trainyard.yml';
/** What the sandbox stands for when a workflow calls it; act knows no other. */
const CALLED = 'uses: trainyard/trainyard/.github/workflows/pipeline.yml@v1';
const LABELS = /^\s+(?:gpu|control)-runner: '(?<labels>\[.*\])'\s*$/gm;

/** What the sandbox has to know of a repository. */
type Sights = {
  readonly environments: readonly string[];
  /** Labels of the runners that its workflow asks for. */
  readonly labels: readonly string[];
  /** Variables that the configuration names. */
  readonly variables: readonly string[];
};

/** Reads what a repository asks for. Throws an Error that says what is missing. */
export function readRepository(folder: string): Sights {
  const caller = read(folder, CALLER);
  if (!caller.includes(CALLED))
    throw new Error(
      `${CALLER} calls another Trainyard than ${CALLED.slice('uses: '.length)}, the one the sandbox stands for.`,
    );
  const config = read(folder, CONFIG);
  const environments = parseDocument(config).get('environments', true);
  return {
    environments: isMap(environments) ? environments.items.map(({ key }) => String(key)) : [],
    labels: [...caller.matchAll(LABELS)].flatMap(({ groups }) => labelsOf(groups?.['labels'] ?? '[]')),
    variables: [...config.matchAll(/\$\{(?<name>\w+)\}/g)].flatMap(({ groups }) => groups?.['name'] ?? []),
  };
}

/** The configuration of the commit at hand with the sandbox's own MLflow and hosts in the place of the real ones, which nothing here may touch. */
export function adaptConfiguration(
  folder: string,
  { tracking, hosts }: { readonly tracking: string; readonly hosts: ReadonlyMap<string, string> },
): Readonly<Record<string, string>> {
  const document = parseDocument(readCommitted(folder, CONFIG));
  document.setIn(['tracking', 'uri'], tracking);
  for (const [environment, url] of hosts) document.setIn(['environments', environment, 'hosts'], [url]);
  return { [CONFIG]: String(document) };
}

function read(folder: string, file: string): string {
  const place = path.join(folder, file);
  if (existsSync(place)) return readFileSync(place, 'utf8');
  throw new Error(`There is no ${file} in ${folder}: \`trainyard init\` writes it.`);
}

/** What is not committed is not pushed. */
function readCommitted(folder: string, file: string): string {
  try {
    const args = ['show', `HEAD:./${file}`];
    return execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  } catch (cause) {
    throw new Error(`${file} is not committed in ${folder}: commit it, and push again.`, { cause });
  }
}

function labelsOf(text: string): readonly string[] {
  const labels: unknown = JSON.parse(text);
  return Array.isArray(labels) ? labels.map(String) : [];
}
