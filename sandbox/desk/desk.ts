import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { z } from 'zod';
import { messageOf } from '../../core/errors.ts';
import { readJson, sendJson } from '../github/json.ts';

const orderSchema = z.strictObject({ verb: z.string(), words: z.array(z.string()) });

/** Where orders are taken. */
type Desk = { readonly url: string; readonly close: () => Promise<void> };

/**
 * Takes orders on the loopback address, from whoever can read `file`: it holds the address and a token. An order answers with lines,
 * and a code: 0, or 1 where it could not be carried out.
 */
export async function openDesk(
  file: string,
  obey: (verb: string, words: readonly string[]) => readonly string[],
): Promise<Desk> {
  const token = randomBytes(24).toString('hex');
  const server = createServer(async (request, response) => {
    if (request.headers.authorization !== `Bearer ${token}`) {
      sendJson(response, 401, { code: 1, lines: ['The token is another one.'] });
      return;
    }
    try {
      const { verb, words } = orderSchema.parse(await readJson(request));
      sendJson(response, 200, { code: 0, lines: obey(verb, words) });
    } catch (thrown) {
      sendJson(response, 200, { code: 1, lines: [messageOf(thrown)] });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  writeFileSync(file, JSON.stringify({ url, token, pid: process.pid }), { mode: 0o600 });
  return {
    url,
    close: async () => {
      rmSync(file, { force: true });
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
