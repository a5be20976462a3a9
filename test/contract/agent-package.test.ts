import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../sandbox/checkout.ts';

const VERSION = '1.2.3';
const DEB = `trainyard-agent_${VERSION}_amd64.deb`;
const X86_64 = 0x3e;
const AARCH64 = 0xb7;
const missing = ['dpkg-deb', 'apt-get', 'openssl'].filter((name) => !existsSync(`/usr/bin/${name}`));
if (missing.length > 0)
  console.log(`trainyard: not tested: the package of the agent, without ${missing.join(', ')}`);

const folder = mkdtempSync(path.join(tmpdir(), 'ty-deb-'));
const key = path.join(folder, 'key.pem');
const release = path.join(folder, 'release');

/** A folder as Node's archives are, whose program says of itself what the package asks of one. */
function writeNode(name: string, machine: number): string {
  const node = path.join(folder, name);
  mkdirSync(path.join(node, 'bin'), { recursive: true });
  const head = Buffer.alloc(64);
  head.write('\x7fELF');
  head.writeUInt16LE(machine, 18);
  writeFileSync(
    path.join(node, 'bin', 'node'),
    Buffer.concat([head, Buffer.from('release/v24.1.0/node-v24.1.0.tar.gz')]),
  );
  writeFileSync(path.join(node, 'LICENSE'), 'Anybody may.\n');
  return node;
}

function makePackage(out: string, node: string, env: Readonly<Record<string, string>> = {}): void {
  const script = ['--disable-warning=ExperimentalWarning', path.join(ROOT, 'scripts/package-agent.ts')];
  const args = ['--out', out, '--node', node, '--version', VERSION, '--signing-key', key];
  execFileSync(process.execPath, [...script, ...args], { env: { ...process.env, ...env }, stdio: 'pipe' });
}

function writeKey(file: string): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

const read = (out: string, name: string) => readFileSync(path.join(out, name));
const field = (file: string, name: string) =>
  execFileSync('dpkg-deb', ['--field', file, name], { encoding: 'utf8' }).trim();

describe.skipIf(missing.length > 0)('the package of the agent', () => {
  beforeAll(() => {
    writeKey(key);
    makePackage(release, writeNode('amd64', X86_64));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('is the same, byte for byte, whoever makes it, when and where', () => {
    const again = path.join(folder, 'again');
    const node = writeNode('elsewhere', X86_64);
    const script = `umask 077; exec "$@"`;
    const env = { ...process.env, TZ: 'Pacific/Auckland', LC_ALL: 'C', DPKG_DEB_COMPRESSOR_LEVEL: '1' };
    const command = [
      ...[
        process.execPath,
        '--disable-warning=ExperimentalWarning',
        path.join(ROOT, 'scripts/package-agent.ts'),
      ],
      ...['--out', again, '--node', node, '--version', VERSION, '--signing-key', key],
    ];
    execFileSync('/bin/sh', ['-c', script, 'sh', ...command], { env, stdio: 'pipe' });
    for (const name of [DEB, 'SHA256SUMS', 'SHA256SUMS.sig', 'install.sh'])
      expect(read(again, name).equals(read(release, name)), name).toBe(true);
  });

  test('is for the machine that its Node is for', () => {
    const out = path.join(folder, 'arm');
    makePackage(out, writeNode('arm64', AARCH64));
    const file = path.join(out, `trainyard-agent_${VERSION}_arm64.deb`);
    expect(field(file, 'Architecture')).toBe('arm64');
    expect(field(file, 'Description')).toContain('Node.js 24.1.0');
  });

  test('brings its file of settings as one that stays as people change it, and nothing under /etc else', () => {
    const file = path.join(release, DEB);
    const listed = execFileSync('dpkg-deb', ['--contents', file], { encoding: 'utf8' });
    expect(listed.split('\n').filter((line) => /^-.* \.\/etc\//.test(line))).toEqual([
      expect.stringMatching(/^-rw-r--r-- root\/root .* \.\/etc\/trainyard\/agent\.toml$/),
    ]);
    expect(execFileSync('dpkg-deb', ['--info', file, 'conffiles'], { encoding: 'utf8' })).toBe(
      '/etc/trainyard/agent.toml\n',
    );
  });

  test.each<[string, RegExp, (copy: string) => readonly string[]]>([
    [
      'the package was changed by a byte',
      new RegExp(
        `^install\\.sh: package-changed: .*/${DEB} is not what was signed: its SHA-256 is \\w{64}, and \\w{64} was\\.`,
      ),
      (copy) => flip(copy, DEB),
    ],
    [
      'the list was',
      /^install\.sh: signature-wrong: .* Nothing was installed\.$/,
      (copy) => flip(copy, 'SHA256SUMS'),
    ],
    ['its signature was', /^install\.sh: signature-wrong/, (copy) => flip(copy, 'SHA256SUMS.sig')],
    ['another key is trusted', /^install\.sh: signature-wrong/, (copy) => ['--key', otherKey(copy)]],
    [
      'no key came with the installer',
      /^install\.sh: no-key/,
      (copy) => {
        cpSync(path.join(ROOT, 'deploy/package/install.sh'), path.join(copy, 'install.sh'));
        return [];
      },
    ],
    [
      'the package is not there',
      /^install\.sh: file-missing/,
      (copy) => {
        rmSync(path.join(copy, DEB));
        return [];
      },
    ],
    [
      'the address is none of https',
      /^install\.sh: download-failed/,
      () => ['--from', 'http://127.0.0.1:1/a'],
    ],
  ])('is refused by name where %s', (_, message, change) => {
    const copy = path.join(mkdtempSync(path.join(folder, 'copy-')), 'release');
    cpSync(release, copy, { recursive: true });
    const more = change(copy);
    const args = [path.join(copy, 'install.sh'), '--check', '--from', copy, ...more];
    const { status, stderr } = spawnSync('sh', args, { encoding: 'utf8' });
    expect(stderr.trim()).toMatch(message);
    expect(status).toBe(1);
  });

  test('is fetched by curl, which is named where it is not there', () => {
    const programs = path.join(folder, 'programs');
    mkdirSync(programs, { recursive: true });
    for (const name of ['openssl', 'sha256sum', 'dpkg', 'apt-get', 'mktemp', 'rm'])
      symlinkSync(
        execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(),
        path.join(programs, name),
      );
    const args = [path.join(release, 'install.sh'), '--check', '--from', 'https://127.0.0.1:1/a'];
    const { status, stderr } = spawnSync('/bin/sh', args, { encoding: 'utf8', env: { PATH: programs } });
    expect([stderr.trim(), status]).toEqual([
      expect.stringMatching(/^install\.sh: program-missing: curl is not there/),
      1,
    ]);
  });

  test('is taken where it is what was signed', () => {
    const args = [path.join(release, 'install.sh'), '--check', '--from', release];
    const { status, stdout } = spawnSync('sh', args, { encoding: 'utf8' });
    expect([stdout.trim(), status]).toEqual([`install.sh: ${DEB} is what was signed.`, 0]);
  });
});

function flip(copy: string, name: string): readonly string[] {
  const bytes = readFileSync(path.join(copy, name));
  bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
  writeFileSync(path.join(copy, name), bytes);
  return [];
}

function otherKey(copy: string): string {
  const file = path.join(copy, 'other.pem');
  const { publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(file, publicKey.export({ type: 'spki', format: 'pem' }));
  return file;
}
