import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../adapters/clock.ts';
import { ServiceError } from '../../core/errors.ts';
import { LEDGER_BRANCH } from '../../core/names.ts';
import type { Clock } from '../../core/ports.ts';
import { ok } from '../../core/result.ts';
import { requested } from './support/ledger-events.ts';
import { useLedgerRemote } from './support/ledger-remote.ts';

const exec = promisify(execFile);
const { folder, remote, openLedger } = useLedgerRemote();

/** A git host that turns every request down, and what it was sent. */
async function startRefusingHost(): Promise<{
  readonly url: string;
  readonly headers: string[];
  readonly close: () => void;
}> {
  const headers: string[] = [];
  const server = createServer((request, response) => {
    headers.push(request.headers.authorization ?? '');
    response.writeHead(403).end('no');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, headers, close: () => server.close() };
}

describe('the git ledger and its remote', () => {
  it('names a remote that does not answer, without its password, after bounded retries', async () => {
    const waits: number[] = [];
    const clock: Clock = {
      now: systemClock.now,
      wait: async (milliseconds) => {
        waits.push(milliseconds);
      },
    };
    const ledger = openLedger({ remote: 'http://ada:hunter2@127.0.0.1:9/o/r.git', clock, token: 't0ken' });
    const failure = await ledger.read('mnist').catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(ServiceError);
    expect(String(failure)).toContain('http://127.0.0.1:9/o/r.git');
    expect(String(failure)).not.toMatch(/hunter2|t0ken/);
    expect(waits).toHaveLength(3);
  });

  it('says that a repository is not there, at once', async () => {
    const ledger = openLedger({ remote: join(folder(), 'nowhere.git') });
    await expect(ledger.read('mnist')).rejects.toMatchObject({
      problems: [{ code: 'ledger-remote-not-found' }],
    });
  });

  it('sends the token to the remote in a header, and reports a refusal as a missing permission', async () => {
    const host = await startRefusingHost();
    const failure = await openLedger({ remote: `${host.url}/o/r.git`, token: 't0ken' })
      .read('mnist')
      .catch((thrown: unknown) => thrown);
    host.close();
    const basic = Buffer.from('x-access-token:t0ken').toString('base64');
    expect(host.headers[0]?.toLowerCase()).toBe(`basic ${basic}`.toLowerCase());
    expect(failure).toMatchObject({ problems: [{ code: 'ledger-denied' }] });
  });

  it('uses the header that the checkout was given when there is no token', async () => {
    const host = await startRefusingHost();
    const checkout = join(folder(), 'checkout');
    await exec('git', ['init', '--quiet', checkout]);
    await exec('git', [
      '-C',
      checkout,
      'config',
      `http.${host.url}/.extraheader`,
      'AUTHORIZATION: basic Y2hlY2tvdXQ=',
    ]);
    await openLedger({ remote: `${host.url}/o/r.git`, checkout })
      .read('mnist')
      .catch(() => undefined);
    host.close();
    expect(host.headers[0]).toBe('basic Y2hlY2tvdXQ=');
  });

  it('takes a branch rule that declines the push for a missing permission, not for a lost race', async () => {
    const hook = join(remote(), 'hooks', 'pre-receive');
    await writeFile(hook, '#!/bin/sh\necho "GH006: Protected branch update failed" >&2\nexit 1\n');
    await chmod(hook, 0o755);
    const failure = await openLedger()
      .append('mnist', () => ok([requested('a')]))
      .catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ problems: [{ code: 'ledger-denied' }] });
  });

  it('leaves the checkout it runs beside untouched', async () => {
    const checkout = join(folder(), 'checkout');
    await exec('git', ['init', '--quiet', checkout]);
    const before = await readFile(join(checkout, '.git', 'config'), 'utf8');
    await openLedger({ checkout }).append('mnist', () => ok([requested('a')]));
    const { stdout } = await exec('git', ['-C', checkout, 'status', '--porcelain', '--branch']);
    expect(stdout).not.toContain(LEDGER_BRANCH);
    expect(await readFile(join(checkout, '.git', 'config'), 'utf8')).toBe(before);
  });
});
