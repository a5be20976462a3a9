import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openBox } from '../../../adapters/box/open-box.ts';
import { runProcess } from '../../../adapters/run-process.ts';
import { ROOT } from '../../../sandbox/checkout.ts';

/** A job that runs a shell script as a training, until it is lost. */
type LostJob = {
  readonly script: string;
  readonly python: string;
  readonly policy: { readonly require: boolean };
  readonly workspace: string;
};

const job: LostJob = JSON.parse(process.argv[1] ?? '');
const env = { PATH: process.env['PATH'] };
const box = await openBox({
  ...{ kind: 'training' as const, env, python: job.python, runtime: path.join(ROOT, 'runtime') },
  ...{ policy: { ...job.policy, timeoutSeconds: 60 }, onLine: () => undefined },
});
const temp = mkdtempSync(path.join(tmpdir(), 'trainyard-lost-'));
const boxed = {
  command: ['sh', '-c', job.script],
  cwd: job.workspace,
  temp,
  show: [],
  write: [job.workspace],
};
await runProcess({ ...box.enter(boxed), cwd: '/', env });
