import { createServer } from 'node:net';
import { messageOf, UserError } from '../../core/errors.ts';
import { findListener } from './find-listener.ts';

/** An address that is listened on, what for, and the option that chooses it. */
type Endpoint = {
  readonly address: string;
  readonly port: number;
  readonly what: string;
  readonly option: string;
};

/** Rejects with a UserError that names who holds the port, when nobody can listen there now. */
export async function checkPort(endpoint: Endpoint): Promise<void> {
  const { address, port } = endpoint;
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host: address, exclusive: true }, resolve);
    });
  } catch (cause) {
    throw portTaken(endpoint, cause);
  }
  await new Promise((resolve) => server.close(resolve));
}

/** Says that an address can't be listened on, and who does. */
export function portTaken({ address, port, what, option }: Endpoint, cause: unknown): UserError {
  const holder = findListener(port);
  const held = holder === undefined ? '' : ` It is held by ${holder}.`;
  return new UserError(
    [
      {
        code: 'listen-failed',
        message: `${what} can't listen on ${address}:${port} (${messageOf(cause)}).${held}`,
        remedy: `End what listens there, or choose another address with ${option}.`,
      },
    ],
    { cause },
  );
}
