import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../adapters/clock.ts';
import { runCommand } from '../../adapters/run-command.ts';
import type { Clock, RunCommand } from '../../core/ports.ts';
import { ok } from '../../core/result.ts';
import { requested } from './support/ledger-events.ts';
import { useLedgerRemote } from './support/ledger-remote.ts';

const exec = promisify(execFile);
const { remote, openLedger } = useLedgerRemote();
const hasty: Clock = { now: systemClock.now, wait: async () => undefined };

/** The remote answers each push as this script does, where git asks it before it takes anything. */
async function answerPushes(script: string): Promise<void> {
  const hook = join(remote(), 'hooks', 'pre-receive');
  await writeFile(hook, `#!/bin/sh\n${script}\n`);
  await chmod(hook, 0o755);
}

/** Declines the ledger's branch in git's own protocol, with a reason of the host's (as GitHub's rulesets do). */
async function declineByRule(reason: string, said: string): Promise<void> {
  await exec('git', ['-C', remote(), 'config', 'receive.procReceiveRefs', 'refs/heads/trainyard']);
  const hook = join(remote(), 'hooks', 'proc-receive');
  const program = `#!/usr/bin/env python3
import sys
def read():
    n = int(sys.stdin.buffer.read(4) or b"0000", 16)
    return None if n == 0 else sys.stdin.buffer.read(n - 4)
def write(data):
    sys.stdout.buffer.write(b"0000" if data is None else b"%04x" % (len(data) + 4) + data)
    sys.stdout.buffer.flush()
while read() is not None: pass
write(b"version=1\\0push-options\\n"); write(None)
refs = []
while (line := read()) is not None: refs.append(line.split()[2])
sys.stderr.write(${JSON.stringify(said)}); sys.stderr.flush()
for ref in refs: write(b"ng " + ref.strip() + b" " + ${JSON.stringify(reason)}.encode() + b"\\n")
write(None)
`;
  await writeFile(hook, program);
  await chmod(hook, 0o755);
}

function append(options: Parameters<typeof openLedger>[0] = {}) {
  return openLedger({ clock: hasty, ...options })
    .append('mnist', () => ok([requested('a')]))
    .catch((thrown: unknown) => thrown);
}

/** Runs git until `turn()`; from then on each fetch ends with these words. */
function failingFetch(words: string) {
  let isFailing = false;
  const run: RunCommand = async (call) => {
    if (!isFailing || !call.args.includes('fetch')) return runCommand(call);
    return { code: 128, ended: 'exited', stdout: Buffer.alloc(0), stderr: words };
  };
  return {
    run,
    turn: () => {
      isFailing = true;
    },
  };
}

describe('a push that the host declines', () => {
  it('for a ruleset is told as that, with the rule, and not tried again', async () => {
    const said =
      'error: GH013: Repository rule violations found for refs/heads/trainyard.\n\n- Commits must have verified signatures.\n';
    await declineByRule('push declined due to repository rule violations', said);
    const failure = await append();
    expect(failure).toMatchObject({ problems: [{ code: 'ledger-denied' }] });
    expect(String(failure)).toContain('GH013');
    expect(String(failure)).toContain('Commits must have verified signatures');
    expect(String(failure)).toContain('Exempt the branch trainyard');
  });

  it('for branches below its name is told with their names, at the first try', async () => {
    await exec('git', ['-C', remote(), 'update-ref', 'refs/heads/trainyard/setup', await emptyCommit()]);
    expect(await append()).toMatchObject({
      ok: false,
      error: { code: 'ledger-branch-taken', message: expect.stringContaining('trainyard/setup') },
    });
  });

  it('in words that nobody knows is told in these words', async () => {
    const flowers = failingFetch('fatal: the flux capacitor is out of plutonium');
    flowers.turn();
    const failure = await append({ run: flowers.run });
    expect(failure).toMatchObject({ problem: { code: 'ledger-failed' } });
    expect(String(failure)).toContain('the flux capacitor is out of plutonium');
  });

  it('without a reason is a rule of that remote', async () => {
    await answerPushes('echo "no pushes on Fridays" >&2; exit 1');
    const failure = await append();
    expect(String(failure)).toContain('no pushes on Fridays');
    expect(failure).toMatchObject({ problems: [{ code: 'ledger-denied' }] });
  });
});

describe('a token', () => {
  it('that was good before is told as expired, and what to do about that', async () => {
    const words = "fatal: could not read Username for 'https://github.com': terminal prompts disabled";
    const { run, turn } = failingFetch(words);
    const ledger = openLedger({ run, clock: hasty });
    await ledger.read('mnist');
    turn();
    const failure = await ledger.read('mnist').catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ problems: [{ code: 'ledger-token-expired' }] });
    expect(String(failure)).toContain('detach: true');
  });

  it('that was never good is told as refused', async () => {
    const server = createServer((_, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="GitHub"' }).end('Bad credentials'),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const failure = await append({ remote: `http://127.0.0.1:${port}/o/r.git`, token: 'ghs_wrong' });
    server.close();
    expect(failure).toMatchObject({ problems: [{ code: 'ledger-denied' }] });
  });
});

async function emptyCommit(): Promise<string> {
  const identity = ['-c', 'user.name=ada', '-c', 'user.email=ada@example.com'];
  const tree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
  await exec('git', ['-C', remote(), 'hash-object', '-t', 'tree', '-w', '/dev/null']);
  const { stdout } = await exec('git', ['-C', remote(), ...identity, 'commit-tree', tree, '-m', 'x']);
  return stdout.trim();
}
