import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Checked, errors, errorsOf, fine, warnings } from '../../core/check/checked.ts';
import { messageOf } from '../../core/errors.ts';
import { ownDataPlane } from '../../core/host/ask-golden.ts';
import { checkPort } from '../machine/check-port.ts';
import { exchangeHttp } from '../machine/exchange-http.ts';
import { findHolder, hasOpen } from '../machine/find-listener.ts';
import { proxyOf } from '../open-context.ts';
import { type AgentOptions, databaseFile } from '../options/options.ts';
import { listOwned } from '../runtimes/process/handle.ts';
import { measureDisk } from '../store/blobs.ts';

const PING_TIMEOUT_MS = 5_000;
const GIB = 2 ** 30;

/** Whether the agent may write to its folder, has disk for it, and can listen: each port is free, or this very agent's already. */
export async function lookAtRoom(options: AgentOptions): Promise<readonly Checked[]> {
  return [
    ...lookAtFolder(options.dataDir),
    ...(await lookAtDisk(options)),
    ...(await lookAtControl(options)),
    ...(await lookAtPredictions(options)),
  ];
}

function lookAtFolder(dataDir: string): readonly Checked[] {
  const place = nearest(dataDir);
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
  } catch (thrown) {
    const message = `${place} can't be written to by this user (${messageOf(thrown)}).`;
    const remedy = `Make ${dataDir} for the agent's user, or name another folder with --data-dir.`;
    return errors('data folder', [{ code: 'data-folder-unwritable', message, remedy }]);
  }
  if (place !== dataDir) return [fine('data folder', `${dataDir}, which the start makes`)];
  const { uid } = statSync(dataDir);
  if (uid === process.getuid?.()) return [fine('data folder', dataDir)];
  return warnings('data folder', [
    {
      code: 'other-user',
      message: `${dataDir} belongs to the user ${uid}, and this looks as ${process.getuid?.()}: what only one of them may read or write is not seen.`,
      remedy: `Check as the agent's user: sudo -u '#${uid}' and the same command line.`,
    },
  ]);
}

/** The folder itself, or the one that it would be made in. */
function nearest(folder: string): string {
  return statSync(folder, { throwIfNoEntry: false }) === undefined ? nearest(dirname(folder)) : folder;
}

async function lookAtDisk({ dataDir, reserveBytes }: AgentOptions): Promise<readonly Checked[]> {
  const { freeBytes: free } = await measureDisk(nearest(dataDir));
  const told = `${inGib(free)} GiB are free`;
  if (free > reserveBytes) return [fine('disk', `${told} for ${dataDir}`)];
  return errors('disk', [
    {
      code: 'disk-full',
      message: `${told} for ${dataDir}, and no package is taken below ${inGib(reserveBytes)}.`,
      remedy: 'Make room, name a folder of another disk with --data-dir, or less with --reserve-bytes.',
    },
  ]);
}

async function lookAtControl({ listen, dataDir }: AgentOptions): Promise<readonly Checked[]> {
  const subject = `${listen.address}:${listen.port}`;
  const holder = findHolder(listen.port);
  if (holder !== undefined && hasOpen(holder, databaseFile(dataDir)))
    return [fine(subject, `this agent listens there (process ${holder})`)];
  return lookAtPort({ ...listen, what: 'The control API', option: '--listen' });
}

async function lookAtPredictions(options: AgentOptions): Promise<readonly Checked[]> {
  const { address, port } = options.dataPlane;
  const holder = findHolder(port);
  const proxy = listOwned(proxyOf(options)).find(({ handle }) => handle.pid === holder);
  if (proxy === undefined)
    return lookAtPort({ ...options.dataPlane, what: 'The proxy', option: '--data-plane' });
  const endpoint = ownDataPlane(`${address.includes(':') ? `[${address}]` : address}:${port}`);
  const held = `this agent's proxy listens there (process ${proxy.handle.pid})`;
  try {
    const { status } = await exchangeHttp({ url: `http://${endpoint}/ping`, timeoutMs: PING_TIMEOUT_MS });
    return [fine(endpoint, status === 200 ? `${held} and answers` : `${held}; no version is ready`)];
  } catch (thrown) {
    const message = `${held}, and does not answer (${messageOf(thrown)}).`;
    const remedy = 'Look at envoy/ in the data folder for what it says; `down` and a start begin it anew.';
    return errors(endpoint, [{ code: 'data-plane-down', message, remedy }]);
  }
}

async function lookAtPort(endpoint: Parameters<typeof checkPort>[0]): Promise<readonly Checked[]> {
  const subject = `${endpoint.address}:${endpoint.port}`;
  try {
    await checkPort(endpoint);
    return [fine(subject, 'is free')];
  } catch (thrown) {
    return errorsOf(subject, thrown);
  }
}

function inGib(bytes: number): string {
  return (bytes / GIB).toFixed(1);
}
