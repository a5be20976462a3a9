import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { headOf, type LedgerHead } from '../../../core/ledger/head/ledger-head.ts';
import { chainAgain, forge, useAttackedLedger } from './support/ledger-writer.ts';

const { audit, begin, clone, open, write } = useAttackedLedger();

const HOST_ID = '1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b';

/** A host that says nothing but how far it saw the ledger go. */
async function hostThatSaw(head: LedgerHead): Promise<string> {
  const at = '2026-11-01T00:00:00.000Z';
  const mnist = { stable: '2', candidatePercent: 0, shadow: false, revision: 1, ledger: head };
  const state = {
    ...{ host: 'a', hostId: HOST_ID, agentVersion: '0.1.0', startedAt: at, runtime: 'process' },
    ...{ instances: [], traffic: { mnist }, outbox: { pending: 0 } },
    dataPlane: { address: '127.0.0.1:8080', healthy: true },
  };
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(state));
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

describe('the audit of a ledger that somebody wrote to by hand', () => {
  it('finds nothing in an honest one, and says which it looked at and whether at signatures', async () => {
    await begin();
    const trusted = await audit('trust');
    expect(trusted.output).toContain('10 of 10 lines in the chain, 10 signed');
    expect(trusted.output).not.toContain('error: ledger');
    expect((await audit('no-keys')).output).toMatch(
      /^The ledger of .*remote\.git, at [0-9a-f]{40}\.$[\s\S]*Signatures were not looked at/m,
    );
  });

  it('names a merge that replaced what the ledger held, also under commits of later', async () => {
    await begin('no-keys');
    const eve = await clone();
    const lines = await eve.read();
    const rewritten = chainAgain(lines.map((line) => line.replace('98 %', '99 %')));
    await eve.commitMerged(rewritten);
    const merge = await eve.git('rev-parse', 'HEAD');
    await eve.commit([...rewritten, forge(write('frozen', { reason: 'later' }), rewritten.at(-1) ?? '')]);
    await eve.push();
    const { code, output } = await audit('no-keys');
    expect(code).toBe(1);
    expect(output).toContain(`error: ledger-merge (${merge})`);
  });

  it('names the file of a month that has not come', async () => {
    await begin();
    const eve = await clone();
    const line = forge(write('frozen', { reason: 'for ever' }), (await eve.read()).at(-1) ?? '');
    await eve.commitFile('events/mnist/9999-12.jsonl', `${line}\n`);
    await eve.push();
    const { code, output } = await audit('trust');
    expect(code).toBe(1);
    expect(output).toMatch(/error: ledger-misplaced: .*9999-12, which has not come/);
  });

  it('names each line that is forged, and the commit that it came with', async () => {
    await begin();
    const eve = await clone();
    const lines = await eve.read();
    await eve.commit([...lines, forge(write('unfrozen', {}), lines.at(-1) ?? '')]);
    await eve.push();
    const commit = await eve.git('rev-parse', 'HEAD');
    const { code, output } = await audit('trust');
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`error: ledger-unsigned: .*It came with the commit ${commit}`));
  });

  it('names lines that were rewritten and chained anew, by their signatures', async () => {
    await begin();
    const eve = await clone();
    await eve.commit(chainAgain((await eve.read()).map((line) => line.replace('"ada"', '"mallory"'))));
    await eve.push('--force');
    const { output } = await audit('trust');
    expect(output.match(/error: ledger-signature/g)).toHaveLength(10);
    expect(output).toContain('error: history');
  });

  it('names a history that was cut off and pushed by force, where a host remembers it', async () => {
    const head = headOf(await (await begin()).read('mnist'));
    const host = await hostThatSaw(head ?? { commit: '', events: 1, last: '' });
    const eve = await clone();
    await eve.git('checkout', '--quiet', '--orphan', 'short');
    await eve.commit((await eve.read()).slice(0, 6));
    await eve.push('--force');
    expect((await audit('trust')).output).not.toContain('ledger-lost');
    const { code, output } = await audit('trust', '--host', host);
    expect(code).toBe(1);
    expect(output).toContain(`error: ledger-lost: This is not the ledger that was seen before. ${host}`);
  });

  it('names one that was rewritten whole without signatures, where a host remembers it', async () => {
    const host = await hostThatSaw(
      headOf(await (await begin('no-keys')).read('mnist')) ?? { commit: '', events: 1, last: '' },
    );
    const eve = await clone();
    await eve.git('checkout', '--quiet', '--orphan', 'other');
    await eve.commit(chainAgain((await eve.read()).map((line) => line.replace('"ada"', '"mallory"'))));
    await eve.push('--force');
    expect((await audit('no-keys')).code).toBe(0);
    expect((await audit('no-keys', '--host', host)).output).toContain('error: ledger-lost');
  });

  it('names what the ledger says it replaces, and that it says so since later', async () => {
    await begin();
    const eve = await clone();
    await eve.commitFile('ledger.json', '{"ledger":1,"replaces":["c0ffee"]}\n');
    await eve.push();
    const { output } = await audit('trust');
    expect(output).toContain('warning: replaces');
    expect(output).toMatch(/error: history \([0-9a-f]{40}\): ledger\.json/);
  });

  it('names what breaks the rules where nothing is signed: a return to nowhere, another package, 2099', async () => {
    await begin('no-keys');
    const eve = await clone();
    const lines = [...(await eve.read())];
    const where = { rollout: 'r2', environment: 'production', version: '2', code: 'x', explanation: '' };
    const built = { version: '2', runId: 'run-2', artifactPath: 'p', sizeBytes: 1 };
    for (const event of [
      write('rollout.rolled-back', { ...where, stable: '99' }),
      write('package.built', { ...built, package: `mnist@sha256:${'e'.repeat(64)}` }),
      { ...write('frozen', { reason: 'for ever' }), at: '2099-01-01T00:00:00.000Z' },
    ]) {
      lines.push(forge(event, lines.at(-1) ?? ''));
    }
    await eve.commit(lines);
    await eve.push();
    const { code, output } = await audit('no-keys');
    expect(code).toBe(1);
    expect(output).toContain('version 99 never served production');
    expect(output).toContain('version 2 serves production in the package');
    expect(output).toContain('It says 2099-01-01T00:00:00.000Z, which has not come.');
    expect(output).toContain('Signatures were not looked at');
  });

  it('warns of what took back without a signature, and of no honest line', async () => {
    const ledger = await begin();
    await open('no-keys').append('mnist', () => ({ ok: true, value: [write('frozen', { reason: 'harm' })] }));
    await ledger.read('mnist');
    const { output } = await audit('trust');
    expect(output.match(/warning: unsigned-line/g)).toHaveLength(1);
    expect(output).not.toContain('error: ledger');
  });
});
