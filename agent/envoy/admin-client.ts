import { request } from 'node:http';

const TIMEOUT_MS = 5_000;

/** Reads one page of Envoy's admin interface over its Unix socket. Rejects when it does not answer 200 in time. */
export function readAdmin(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path, timeout: TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`Envoy answered ${response.statusCode} at ${path}: ${text.slice(0, 200)}`));
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`Envoy did not answer at ${path} in time`)));
    outgoing.on('error', reject);
    outgoing.end();
  });
}
