import { expect, test } from 'vitest';
import { torchServeConfig } from '../../agent/runtimes/process/torchserve-config.ts';
import { manifestOf } from './support/fake-context.ts';

test('a TorchServe listens on loopback, and takes no model and no setting from elsewhere', () => {
  const manifest = manifestOf('1', { digest: `sha256:${'a'.repeat(64)}`, size: 1 });
  const ports = { inference: 1, management: 2, metrics: 3, grpcInference: 4, grpcManagement: 5 };
  const lines = torchServeConfig(manifest, ports, { maxBodyBytes: 1_000 }).split('\n');
  const addresses = lines.filter((line) => /_address=/.test(line));
  expect(addresses).toHaveLength(5);
  for (const address of addresses) expect(address).toMatch(/=(http:\/\/127\.0\.0\.1:\d|127\.0\.0\.1$)/);
  expect(lines).toEqual(
    expect.arrayContaining([
      ...['enable_model_api=false', 'enable_envvars_config=false', 'install_py_dep_per_model=false'],
    ]),
  );
});
