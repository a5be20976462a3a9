import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readSettings } from '../../agent/options/read-settings.ts';
import { readValues } from '../../agent/options/read-values.ts';
import { OPTIONS } from '../../agent/options/table.ts';
import { composeOptions, composeUnit, SETTING_FILES } from '../../core/host/agent-files.ts';
import { ROOT } from '../../sandbox/checkout.ts';

/** Without these an agent reports nothing, and half of the loop is off without a word. */
const REPORTS = ['REPOSITORY', 'GITHUB_TOKEN_FILE', 'DISPATCH_SECRET_FILE'];
/** What a unit may be called by `systemd-analyze security`, where 10 is the worst. */
const MOST_EXPOSED = 2;
const ANALYZE = '/usr/bin/systemd-analyze';
const PREFIX = 'TRAINYARD_AGENT_';

const documents = globSync('{README,SECURITY,{agent,cli,deploy}/README,docs/**/*}.md', { cwd: ROOT });
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
/** Every unit of an agent that the documents show, by the document. */
const units = documents.flatMap((file) =>
  [...read(file).matchAll(/^```ini\n(?<unit>[\s\S]*?)^```/gm)].flatMap(({ groups }) => {
    const unit = groups?.['unit'] ?? '';
    return /^ExecStart=.*agent\.mjs run$/m.test(unit) ? [[file, unit] as const] : [];
  }),
);

function variablesOf(text: string): Readonly<Record<string, string>> {
  const lines = text.matchAll(/^(?:Environment=)?(?<name>TRAINYARD_AGENT_\w+)=(?<value>.*)$/gm);
  return Object.fromEntries(
    [...lines].map(({ groups }) => [groups?.['name'] ?? '', groups?.['value'] ?? '']),
  );
}

test('the documents show a unit', () => {
  expect(units.map(([file]) => file)).toContain('agent/README.md');
});

test.each(units)('the unit in %s reports to a repository, and every option of it is one', (_, unit) => {
  const variables = variablesOf(unit);
  expect(Object.keys(variables)).toEqual(expect.arrayContaining(REPORTS.map((name) => PREFIX + name)));
  const known = OPTIONS.map(({ variable }) => variable);
  expect(Object.keys(variables).filter((name) => !known.includes(name))).toEqual([]);
  expect(readValues([], variables).problems).toEqual([]);
});

test.each([...new Set(units.map(([file]) => file))])(
  '%s says which permission of GitHub its token needs, and how an App has it',
  (file) => {
    const text = read(file).replaceAll(/\s+/g, ' ');
    expect(text).toMatch(
      /token is a fine-grained one for that repository alone with \*Contents: read and write\*/,
    );
    expect(text).toMatch(/GitHub App.*--github-app-id.*--github-app-key-file/);
  },
);

test(`the package's file of settings holds options alone, and names each that a report needs`, () => {
  const text = read('deploy/package/agent.toml');
  const every = text.replaceAll(/^# (?=[a-z-]+ = )/gm, '');
  const file = 'agent.toml';
  const shown = readSettings(every, { file, options: OPTIONS });
  expect(shown.problems).toEqual([]);
  expect([...shown.settings.keys()]).toEqual(
    expect.arrayContaining([
      'repository',
      'github-token-file',
      'dispatch-secret-file',
      'trusted-keys',
      'tls-cert',
    ]),
  );
  const set = readSettings(text, { file, options: OPTIONS }).settings;
  expect(set.get('listen')?.text).toBe('127.0.0.1:9443');
  expect(set.get('trusted-keys')?.text, 'what is not signed is served where somebody says so').toBe(
    SETTING_FILES.trustedKeys,
  );
});

test('the unit that a host is given reports where a repository is named', () => {
  expect(composeUnit('host add')).toMatch(/^EnvironmentFile=/m);
  const settings = {
    listen: '10.0.0.5:9443',
    dataPlane: '0.0.0.0:8080',
    hostName: 'a',
    environment: 'production',
  };
  const variables = variablesOf(composeOptions({ ...settings, repository: 'acme/models', further: {} }));
  expect(Object.keys(variables)).toEqual(expect.arrayContaining(REPORTS.map((name) => PREFIX + name)));
  expect(readValues([], variables).problems).toEqual([]);
});

test.skipIf(!existsSync(ANALYZE)).each(['host add', 'package'] as const)(
  'the unit of %s is one that systemd calls no more exposed than 2.0',
  (start) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'ty-unit-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'trainyard-agent.service');
    // Programs that are not there are none of its business.
    writeFileSync(file, composeUnit(start).replace(/^ExecStart=.*$/m, 'ExecStart=/bin/true'));
    const args = ['security', '--offline=true', '--no-pager', `--threshold=${MOST_EXPOSED * 10}`, file];
    const { status, stdout } = spawnSync(ANALYZE, args, { encoding: 'utf8' });
    expect(stdout).toMatch(/Overall exposure level .* 1\.\d OK/);
    expect(status).toBe(0);
  },
);
