import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { PYTHON, ROOT, STATE_DIR } from '../sandbox/checkout.ts';
import { findPages, forSite } from '../sandbox/pages/gather-pages.ts';

const FOLDER = path.join(STATE_DIR, 'site');
const REQUIREMENTS = path.join(ROOT, 'docs', 'requirements.txt');
const ENVIRONMENT = path.join(FOLDER, 'python');
const PAGES = path.join(FOLDER, 'pages');

/** What stands at the left; everything else is found from these, and by the search. */
const NAVIGATION = [
  { Trainyard: 'README.md' },
  { 'The first hour': 'docs/first-hour.md' },
  {
    'How to': [
      'docs/how-to/index.md',
      ...findPages(ROOT).filter((file) => /^docs\/how-to\/(?!index)/.test(file)),
    ],
  },
  { Words: 'docs/glossary.md' },
  {
    'trainyard.yml': [
      'docs/configuration.md',
      'docs/metrics.md',
      'docs/answers.md',
      'docs/search.md',
      'docs/models.md',
    ],
  },
  {
    Running: [
      'docs/commands.md',
      'cli/README.md',
      'agent/README.md',
      'docs/runners.md',
      'docs/network.md',
      'docs/rollouts.md',
      'docs/scoring-server.md',
      'docs/failures.md',
      'docs/operations.md',
    ],
  },
  {
    Knowing: [
      'docs/index.md',
      'docs/architecture.md',
      'docs/ledger.md',
      'docs/statistics.md',
      'docs/decisions.md',
      'docs/security.md',
      'docs/versions.md',
      'docs/strangers.md',
      'CHANGELOG.md',
    ],
  },
];

/** Builds the site of the documents into .trainyard/site/out, and fails for a link that leads nowhere. Gives the exit code. */
function main(): number {
  install();
  gather();
  const config = path.join(FOLDER, 'mkdocs.yml');
  writeFileSync(config, stringify(configuration()));
  return run(path.join(ENVIRONMENT, 'bin', 'mkdocs'), 'build', '--strict', '--config-file', config);
}

/** The generator, once for each version of its requirements. */
function install(): void {
  const stamp = path.join(ENVIRONMENT, 'requirements.txt');
  const wanted = readFileSync(REQUIREMENTS, 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  rmSync(ENVIRONMENT, { recursive: true, force: true });
  const pip = [path.join(ENVIRONMENT, 'bin', 'python'), '-m', 'pip', 'install', '--quiet', '--no-deps'];
  const steps = [
    [existsSync(PYTHON) ? PYTHON : 'python3', '-m', 'venv', ENVIRONMENT],
    [...pip, '--only-binary', ':all:', '--disable-pip-version-check', '--requirement', REQUIREMENTS],
  ];
  for (const [program = '', ...args] of steps)
    if (run(program, ...args) !== 0) throw new Error(`${program} ${args.join(' ')} failed.`);
  writeFileSync(stamp, wanted);
}

/** Pages lie as in the checkout, so that links from one to another are what they are on GitHub. */
function gather(): void {
  rmSync(PAGES, { recursive: true, force: true });
  const pages = new Set(findPages(ROOT));
  for (const file of pages) {
    const place = path.join(PAGES, file);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, forSite(file, readFileSync(path.join(ROOT, file), 'utf8'), pages));
  }
  cpSync(path.join(ROOT, 'docs', 'pictures'), path.join(PAGES, 'docs', 'pictures'), { recursive: true });
}

function configuration(): object {
  return {
    site_name: 'Trainyard',
    site_description: 'Continuous training, and delivery by evidence, from your GitHub repository',
    repo_url: 'https://github.com/trainyard/trainyard',
    docs_dir: PAGES,
    site_dir: path.join(FOLDER, 'out'),
    nav: NAVIGATION,
    // Fonts come from the reader's machine: nothing is asked of others.
    theme: {
      name: 'material',
      font: false,
      features: ['navigation.indexes', 'content.code.copy'],
      palette: PALETTES,
    },
    plugins: ['search'],
    markdown_extensions: [
      'tables',
      'admonition',
      { toc: { permalink: true } },
      'pymdownx.superfences',
      'md_in_html',
    ],
    validation: {
      nav: { omitted_files: 'ignore' },
      links: { not_found: 'warn', anchors: 'warn', absolute_links: 'warn', unrecognized_links: 'warn' },
    },
  };
}

const PALETTES = [
  {
    media: '(prefers-color-scheme: light)',
    scheme: 'default',
    toggle: { icon: 'material/weather-night', name: 'Dark' },
  },
  {
    media: '(prefers-color-scheme: dark)',
    scheme: 'slate',
    toggle: { icon: 'material/weather-sunny', name: 'Light' },
  },
];

function run(program: string, ...args: readonly string[]): number {
  return (
    spawnSync(program, args, { stdio: 'inherit', env: { ...process.env, NO_MKDOCS_2_WARNING: '1' } })
      .status ?? 1
  );
}

process.exitCode = main();
