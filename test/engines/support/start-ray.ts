import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { findFreePorts } from '../../../agent/machine/free-ports.ts';
import { type Child, startChild } from '../../../sandbox/machine/child-process.ts';
import { type Installed, installWheels } from '../../../sandbox/machine/install-wheels.ts';

/** The Ray that these tests install for themselves, from the index that pip knows. */
const RAY = 'ray[default]==2.60.0';

const jobsSchema = z.array(z.object({ submission_id: z.string(), status: z.string() }));

/** A cluster of Ray on this machine. */
export type Ray = {
  /** Of its dashboard. */
  readonly address: string;
  /** Where its program lies. */
  readonly bin: string;
  /** The states of its jobs, by their ids. */
  readonly jobs: () => Promise<Readonly<Record<string, string>>>;
  readonly stop: () => Promise<void>;
};

/** Installs Ray into `place`, where it is not there from an earlier time; says why it can't be had, where it can't. */
export function installRay(place: string): Installed {
  return installWheels(place, [RAY]);
}

/** Ray gives up where its node does not start within 30 s, which nothing can raise: a busy machine may need a second try. */
export async function startRay(bin: string): Promise<Ray> {
  try {
    return await tryToStart(bin);
  } catch {
    return tryToStart(bin);
  }
}

/** Starts a cluster of one node with all that it keeps in a folder of its own, on loopback ports that are free. */
async function tryToStart(bin: string): Promise<Ray> {
  // Ray's sockets have long paths of their own.
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-ray-'));
  mkdirSync(path.join(folder, 'kept'));
  const [port = 0, dashboard = 0] = await findFreePorts(2);
  const address = `http://127.0.0.1:${dashboard}`;
  const child: Child = await startChild({
    command: path.join(bin, 'ray'),
    args: [
      ...['start', '--head', '--block', '--disable-usage-stats', '--node-ip-address', '127.0.0.1'],
      ...['--port', String(port), '--dashboard-host', '127.0.0.1', '--dashboard-port', String(dashboard)],
      ...['--num-cpus', '2', '--temp-dir', path.join(folder, 'kept')],
    ],
    cwd: folder,
    env: process.env,
    log: path.join(folder, 'ray.out'),
    // Its dashboard answers before its node is there to take a job.
    ready: async () => readFileSync(path.join(folder, 'ray.out'), 'utf8').includes('Ray runtime started'),
    timeoutMs: 240_000,
  });
  const jobs = async () => {
    const told = jobsSchema.parse(await (await fetch(`${address}/api/jobs/`)).json());
    return Object.fromEntries(told.map((job) => [job.submission_id, job.status]));
  };
  const stop = async () => {
    await child.stop(30_000);
    rmSync(folder, { recursive: true, force: true });
  };
  return { address, bin, jobs, stop };
}
