import { close, open } from 'node:fs';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { z } from 'zod';

const TIMEOUT_MS = 5_000;
const SOCKET = 'management.sock';

const workersSchema = z.array(z.object({ workers: z.array(z.object({ status: z.string() })) })).min(1);

/** The states of a model's workers (`READY`, `UNLOADING`, …), from TorchServe's management socket in `folder`. Rejects when none answers. */
export async function readWorkerStates(folder: string, model: string): Promise<readonly string[]> {
  const directory = await promisify(open)(folder, 'r');
  try {
    // A socket's path must fit in 108 bytes; by way of the open folder it does, however deep the folder lies.
    const body = await get(`/proc/self/fd/${directory}/${SOCKET}`, `/models/${encodeURIComponent(model)}`);
    return workersSchema
      .parse(JSON.parse(body))
      .flatMap(({ workers }) => workers.map(({ status }) => status));
  } finally {
    await promisify(close)(directory);
  }
}

async function get(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    // No pooled connection: the path is that of whatever folder the number stands for, and the next one may get the same number.
    const options = { socketPath, path, signal, agent: false, headers: { host: 'localhost' } };
    const asked = request(options, (response) => {
      text(response).then((body) => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`TorchServe answered ${response.statusCode}: ${body.slice(0, 200)}`));
      }, reject);
    });
    asked.once('error', reject);
    asked.end();
  });
}
