import { expect, test } from 'vitest';
import { serverVariables } from '../../agent/runtimes/process/server-variables.ts';

const env = { CUDA_VISIBLE_DEVICES: '1', CUDA_DEVICE_ORDER: 'PCI_BUS_ID', TRAINYARD_AGENT_TOKEN: 'secret' };
const given = { python: '/venv/bin/python', maxBodyBytes: 1000 };
const launchWith = (gpu: 'none' | 'all') => ({
  ...{ workFolder: '/work', captureFolder: '/capture', captureSeconds: 5, model: 'mnist', version: '7' },
  manifest: { serving: { gpu } },
});

test('a server gets the GPUs that its agent was given, or none, and nothing else that the agent holds', () => {
  const all = serverVariables({ env, ...given }, launchWith('all'));
  expect(all).toMatchObject({ CUDA_VISIBLE_DEVICES: '1', CUDA_DEVICE_ORDER: 'PCI_BUS_ID' });
  expect(all).not.toHaveProperty('TRAINYARD_AGENT_TOKEN');
  expect(all).toMatchObject({ TRAINYARD_MAX_BODY_BYTES: '1000' });
  const none = serverVariables({ env, ...given }, launchWith('none'));
  expect(none).toMatchObject({ CUDA_VISIBLE_DEVICES: '' });
  const unsaid = serverVariables({ env: {}, ...given }, launchWith('all'));
  expect(unsaid).not.toHaveProperty('CUDA_VISIBLE_DEVICES');
});
