import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { PYTHON, ROOT } from '../../sandbox/checkout.ts';
import { createPrivateCa } from '../../sandbox/network/private-ca.ts';

const DEPLOY = path.join(ROOT, 'deploy');
const DIGEST = /@sha256:[0-9a-f]{64}$/;

const serviceSchema = z.looseObject({
  image: z.string().optional(),
  build: z.unknown().optional(),
  ports: z.array(z.string()).default([]),
  healthcheck: z.looseObject({ test: z.array(z.string()).min(2) }).optional(),
});
const text = readFileSync(path.join(DEPLOY, 'compose.yaml'), 'utf8');
const { services } = z
  .looseObject({ services: z.record(z.string(), serviceSchema) })
  .parse(parse(text, { merge: true }));

const copy = mkdtempSync(path.join(tmpdir(), 'trainyard-deploy-'));
afterAll(() => rmSync(copy, { recursive: true, force: true }));

function makeEnv(...words: readonly string[]): string {
  execFileSync('sh', [path.join(copy, 'make-env.sh'), ...words], { stdio: 'pipe', timeout: 60_000 });
  return readFileSync(path.join(copy, '.env'), 'utf8');
}

function linesOf(...names: readonly string[]): readonly string[] {
  return readFileSync(path.join(ROOT, ...names), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

describe('deploy/compose.yaml', () => {
  it.each(Object.entries(services))('pins and watches %s, on this machine alone', (_, service) => {
    expect(service.image ?? service.build).toBeDefined();
    if (service.image !== undefined) expect(service.image).toMatch(DIGEST);
    expect(service.healthcheck).toBeDefined();
    for (const port of service.ports) expect(port).toMatch(/^\$\{BIND:-127\.0\.0\.1\}:/);
  });

  it('builds on pinned images', () => {
    const bases = linesOf('deploy', 'mlflow', 'Dockerfile')
      .filter((line) => line.startsWith('FROM '))
      .map((line) => line.split(' ')[1] ?? '');
    expect(bases.filter((base) => base !== 'base')).toEqual([expect.stringMatching(DIGEST)]);
  });

  it('starts with no default password', () => {
    const asked = [...text.matchAll(/\$\{(?<name>\w*(?:PASSWORD|TOKEN))(?<rest>[^}]*)\}/g)];
    expect(asked.length).toBeGreaterThan(5);
    for (const { groups } of asked) expect(groups?.['rest']).toMatch(/^:\?/);
  });

  it('serves by the versions that are tested here', () => {
    const tested = linesOf('requirements.txt');
    for (const line of linesOf('deploy', 'mlflow', 'requirements.txt')) expect(tested).toContain(line);
  });
});

describe('deploy/make-env.sh', () => {
  it('writes a password for all that compose.yaml asks for, once, for nobody else to read', () => {
    cpSync(DEPLOY, copy, { recursive: true });
    const first = makeEnv();
    const names = new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name));
    for (const name of names) expect(first).toMatch(new RegExp(`^${name}=[\\w-]{32}$`, 'm'));
    expect(new Set(first.match(/=.*$/gm)).size).toBe(names.size);
    expect(makeEnv()).toBe(first);
    for (const secret of ['.env', 'identities.json'])
      expect(statSync(path.join(copy, secret)).mode & 0o077).toBe(0);
  });

  it('makes a certificate for a name that its authority vouches for', () => {
    expect(makeEnv('--tls', 'mlflow.example.org')).toContain('\nTLS=on\n');
    const certificates = path.join(copy, 'certificates');
    const verified = execFileSync(
      'openssl',
      [
        ...['verify', '-CAfile', path.join(certificates, 'ca.pem'), '-verify_hostname', 'mlflow.example.org'],
        path.join(certificates, 'tls.pem'),
      ],
      { encoding: 'utf8', timeout: 60_000 },
    );
    expect(verified).toMatch(/: OK\n$/);
  });

  it('lets JupyterLab beside a server with that certificate trust its authority, and with any other none', () => {
    const programs = path.join(copy, 'programs');
    mkdirSync(programs, { recursive: true });
    const jupyter = `#!/bin/sh\necho "$* by \${MLFLOW_TRACKING_SERVER_CERT_PATH-none}"\n`;
    writeFileSync(path.join(programs, 'jupyter'), jupyter, { mode: 0o755 });
    const certificates = path.join(copy, 'certificates');
    const start = (variables: Readonly<Record<string, string>>) =>
      execFileSync('sh', [path.join(copy, 'mlflow', 'workbench.sh')], {
        env: { PATH: `${programs}:${process.env['PATH']}`, ...variables },
        encoding: 'utf8',
      });
    const own = start({ TLS: 'on', CERTIFICATES: certificates });
    expect(own).toMatch(new RegExp(`^lab .* by ${certificates}/ca.pem$`, 'm'));
    expect(start({ TLS: 'on', CERTIFICATES: programs })).toMatch(/ by none$/m);
    expect(start({ CERTIFICATES: certificates })).toMatch(/ by none$/m);
    expect(text).toMatch(/workbench:[\s\S]*TLS: \$\{TLS:-off\}[\s\S]*certificates:\/certificates:ro/);
  });

  it('refuses words that it does not know', () => {
    expect(() => makeEnv('--tsl', 'x')).toThrow(/usage: deploy\/make-env.sh/);
  });
});

describe('the health check of the tracking server', () => {
  /** Runs it where the server shows the first certificate and the folder has the second. */
  async function check(shown: string, known: string): Promise<unknown> {
    const ca = createPrivateCa(path.join(copy, 'authority'));
    const issued = Object.fromEntries([shown, known].map((name) => [name, ca.issue(name)]));
    const folder = path.join(copy, `shown-${shown}-known-${known}`);
    mkdirSync(folder);
    cpSync(issued[known]?.cert ?? '', path.join(folder, 'tls.pem'));
    const { cert = '', key = '' } = issued[shown] ?? {};
    const server = https.createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_, answer) =>
      answer.end('OK'),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    try {
      const { port } = z.object({ port: z.number() }).parse(server.address());
      const script = path.join(DEPLOY, 'mlflow', 'healthy.py');
      return await promisify(execFile)(PYTHON, ['-I', script, String(port), folder], { env: { TLS: 'on' } });
    } finally {
      server.close();
    }
  }

  it('is well with a team’s own certificate, whose name is none of this machine’s', async () => {
    await expect(check('mlflow.example.org', 'mlflow.example.org')).resolves.toBeDefined();
  });

  it('is not with another one', async () => {
    await expect(check('mlflow.example.org', 'other.example.org')).rejects.toThrow(
      /CERTIFICATE_VERIFY_FAILED/,
    );
  });
});
