import { caFileOf } from './authorities.ts';
import type { ProcessVariables } from './choose-proxy.ts';
import { readClientCertificate } from './client-certificate.ts';
import { createFetch } from './create-fetch.ts';

type Fetch = typeof globalThis.fetch;

/**
 * `fetch` for the agent of one host: as the environment wants every request, and beside that it shows the client certificate that the
 * environment names, and takes only a server whose own certificate has this SHA-256 (`AB:CD:…`), whoever vouches for it and whatever names
 * it bears. `usual` is what is used where there is neither. Throws a UserError
 * where that certificate can't be used.
 */
export function createAgentFetch(
  env: ProcessVariables,
  fingerprint: string | undefined,
  usual: Fetch = createFetch(env),
): Fetch {
  const clientFile = env['TRAINYARD_CLIENT_CERT_FILE'] || undefined;
  if (fingerprint === undefined && clientFile === undefined) return usual;
  // At once: a file that can't be used is no failure of a host.
  const client = clientFile === undefined ? undefined : readClientCertificate(clientFile);
  let opened: Promise<Fetch> | undefined;
  const open = async () => {
    const { openFetch } = await import(/* webpackMode: "eager" */ './open-fetch.ts');
    return openFetch(env, { caFile: caFileOf(env), client, fingerprint });
  };
  return async (input, init) => {
    opened ??= open();
    return (await opened)(input, init);
  };
}
