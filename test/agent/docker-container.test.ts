import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeContainer } from '../../agent/runtimes/docker/container.ts';
import { dockerFailure } from '../../agent/runtimes/docker/failure.ts';
import { findRegistryLogin, registryOf } from '../../agent/runtimes/docker/registry-login.ts';
import { createDockerRuntime } from '../../agent/runtimes/docker/runtime.ts';
import type { Launch } from '../../agent/runtimes/runtime.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const IDENTITY = {
  container: 'trainyard-x',
  inference: 31_001,
  grpcInference: 31_002,
  grpcManagement: 31_003,
};
const LIMITS = {
  network: 'bridge',
  memoryBytes: 2 ** 30,
  pids: 99,
  user: '65532:65532',
  maxBodyBytes: 1_000,
};

function launchWith(gpu: 'none' | 'all'): Launch {
  return {
    model: 'digits',
    version: '8',
    manifest: {
      schema: 'trainyard.package/1',
      model: 'digits',
      version: '8',
      runId: 'run',
      modelDigest: DIGEST,
      createdAt: '2026-01-01T00:00:00Z',
      format: 'torchscript',
      payload: { kind: 'image', reference: `example.com/digits@${DIGEST}`, digest: DIGEST, size: 1 },
      serving: { workers: 2, batchSize: 1, maxBatchDelayMs: 0, gpu, responseTimeoutSeconds: 30 },
    },
    payloadFile: '',
    workFolder: '/data/run/digits/8',
    captureFolder: '/data/capture/digits/8',
    captureSeconds: 5,
  };
}

describe('the container of a version', () => {
  test('asks for GPUs only when the model is to use them', () => {
    const requests = (gpu: 'none' | 'all') =>
      describeContainer(launchWith(gpu), IDENTITY, { imageId: DIGEST, scope: 'scope', limits: LIMITS })
        .HostConfig?.DeviceRequests;
    expect(requests('none')).toBeUndefined();
    expect(requests('all')).toEqual([{ Driver: 'nvidia', Count: -1, Capabilities: [['gpu']] }]);
  });

  test('publishes predictions on loopback alone when it has a network of its own', () => {
    const { HostConfig, Env } = describeContainer(launchWith('none'), IDENTITY, {
      imageId: DIGEST,
      scope: 'scope',
      limits: LIMITS,
    });
    expect(HostConfig?.PortBindings).toEqual({ '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '31001' }] });
    expect(Env?.join('\n')).toContain('inference_address=http://0.0.0.0:8080');
  });

  test('listens on loopback ports of its own on the network of the host', () => {
    const limits = { ...LIMITS, network: 'host' };
    const { HostConfig, Env } = describeContainer(launchWith('none'), IDENTITY, {
      imageId: DIGEST,
      scope: 'scope',
      limits,
    });
    expect(HostConfig).toMatchObject({ NetworkMode: 'host' });
    expect(HostConfig).not.toHaveProperty('PortBindings');
    expect(Env?.join('\n')).toContain('inference_address=http://127.0.0.1:31001');
    expect(Env?.join('\n')).toContain('grpc_management_port=31003');
  });

  test('shares two folders with the host, and no other', () => {
    const { HostConfig } = describeContainer(launchWith('none'), IDENTITY, {
      imageId: DIGEST,
      scope: 'scope',
      limits: LIMITS,
    });
    expect(HostConfig?.Binds).toEqual([
      '/data/run/digits/8/control:/run/trainyard/control',
      '/data/capture/digits/8:/run/trainyard/capture',
    ]);
  });
});

test.each([
  ['write /var/lib/docker/x: no space left on device', 'disk-full'],
  ['driver failed: listen tcp4 127.0.0.1:31001: bind: address already in use', 'port-taken'],
  ['connect ECONNREFUSED /var/run/docker.sock', 'docker-unreachable'],
  ['pull access denied for digits', 'registry-denied'],
  ['manifest unknown', 'image-not-found'],
  ['received unexpected HTTP status: 500 Internal Server Error', 'registry-failed'],
  ['Get "http://r/v2/": net/http: request canceled (Client.Timeout exceeded)', 'registry-unreachable'],
  ['could not select device driver "nvidia"', 'gpu-unavailable'],
  ['something else', 'docker-failed'],
])('an engine that says “%s” is reported as %s', (message, code) => {
  expect(dockerFailure(new Error(message), 'do it', 'unix:///x').problem).toMatchObject({ code });
});

test.each([
  ['registry.example.com/team/digits@sha256:1', 'registry.example.com'],
  ['127.0.0.1:5000/digits', '127.0.0.1:5000'],
  ['localhost/digits', 'localhost'],
  ['team/digits', 'docker.io'],
  ['digits', 'docker.io'],
])('%s lies in the registry %s', (reference, registry) => {
  expect(registryOf(reference)).toBe(registry);
});

test('takes the login of the reference’s registry from docker’s own file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-login-'));
  const auth = Buffer.from('robot:pass:word').toString('base64');
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { 'registry.example.com': { auth } } }));
  const env = { DOCKER_CONFIG: folder };
  expect(findRegistryLogin('registry.example.com/digits', env)).toEqual({
    username: 'robot',
    password: 'pass:word',
    serveraddress: 'registry.example.com',
  });
  expect(findRegistryLogin('other.example.com/digits', env)).toBeUndefined();
  rmSync(folder, { recursive: true });
});

test('an engine on another host is refused, since it could not share folders and ports', () => {
  const limits = { network: 'bridge', memoryBytes: 1, pids: 1, maxBodyBytes: 1 };
  const options = {
    host: 'tcp://10.0.0.1:2375',
    scope: 's',
    limits,
    keepImages: 1,
    reserveBytes: 1,
    env: {},
  };
  expect(() => createDockerRuntime(options)).toThrow('no socket of this host');
});
