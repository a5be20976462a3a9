import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { countGpus } from '../../adapters/programs/count-gpus.ts';

test('the GPUs of a training are those that its runner names, else those of the driver', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-gpus-'));
  try {
    // As the driver's own program lists two, one of them cut in instances.
    const listed = [
      'GPU 0: NVIDIA H200 (UUID: GPU-1)',
      '  MIG 1g.18gb Device 0: (UUID: MIG-1)',
      'GPU 1: NVIDIA H200 (UUID: GPU-2)',
    ];
    const script = `#!/bin/sh\n${listed.map((line) => `echo '${line}'`).join('\n')}\n`;
    writeFileSync(path.join(folder, 'nvidia-smi'), script, { mode: 0o755 });
    const driver = { PATH: `${folder}:/usr/bin:/bin` };
    expect(await countGpus(driver)).toBe(2);
    expect(await countGpus({ ...driver, CUDA_VISIBLE_DEVICES: '1' })).toBe(1);
    expect(await countGpus({ ...driver, CUDA_VISIBLE_DEVICES: '0,3,5' })).toBe(3);
    for (const none of ['', '-1']) expect(await countGpus({ ...driver, CUDA_VISIBLE_DEVICES: none })).toBe(0);
    expect(await countGpus({ PATH: path.join(folder, 'nothing') })).toBe(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
