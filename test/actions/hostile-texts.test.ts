import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../adapters/run-command.ts';
import { commandsIn, HOSTILE_TEXTS, hasControl } from '../core/report/hostile-texts.ts';

const moduleOf = (file: string) => JSON.stringify(import.meta.resolve(`../../${file}`));
const folder = mkdtempSync(path.join(tmpdir(), 'hostile-'));
const texts = path.join(folder, 'texts.json');
writeFileSync(texts, JSON.stringify(HOSTILE_TEXTS));

afterAll(() => rmSync(folder, { recursive: true }));

/** What an action prints whose work is this code, in which `texts` are the hostile ones. */
async function play(work: string) {
  const output = path.join(folder, 'output');
  writeFileSync(output, '');
  const script = `
    const { readFileSync } = await import('node:fs');
    const { runAction } = await import(${moduleOf('actions/job/harness.ts')});
    const { UserError, ServiceError } = await import(${moduleOf('core/errors.ts')});
    process.setMaxListeners(0);
    const texts = JSON.parse(readFileSync(${JSON.stringify(texts)}, 'utf8'));
    for (const text of texts) await runAction({ name: 'probe', inputs: {}, outputs: [] }, async ({ log, reportTo }) => { ${work} });`;
  const { stdout, stderr } = await runCommand({
    command: process.execPath,
    args: ['--input-type=module', '--eval', script],
    env: { PATH: process.env['PATH'], GITHUB_OUTPUT: output, RUNNER_DEBUG: '1' },
    timeoutMs: 60_000,
  });
  expect(Buffer.from(stderr).toString()).toBe('');
  return Buffer.from(stdout).toString();
}

const report = "report: { sign: 'failed', blocks: [] }, outputs: {}, result: {}";
const REFUSED = `return { decision: 'stop', reasonCode: 'refused', headline: text, ${report} }`;
const JUDGED = `return { decision: 'continue', reasonCode: 'gate-passed', headline: text, ${report} }`;
const SAID = "code: 'x', message: text, remedy: text";

describe('an action', () => {
  it.each([
    ['its headline', JUDGED, []],
    ['the warning of its headline', REFUSED, ['warning']],
    ['a line of its log', `log.info(text); ${JUDGED}`, []],
    ['a warning', `log.warn(text); ${JUDGED}`, ['warning']],
    ['the title of a group', `await log.group(text, async () => {}); ${JUDGED}`, ['group', 'endgroup']],
    ['a mistake of its user', `throw new UserError([{ ${SAID} }])`, ['error']],
    [
      'a mistake in a file',
      `throw new UserError([{ ${SAID}, where: { kind: 'file', file: text, line: 1 } }])`,
      ['error'],
    ],
    [
      'more mistakes than annotations are shown of',
      `throw new UserError(Array.from({ length: 11 }, () => ({ ${SAID} })))`,
      Array.from({ length: 10 }, () => 'error'),
    ],
    ['what a service said', `throw new ServiceError({ ${SAID} })`, ['error', 'debug']],
    ['an error of its own', 'throw new Error(text, { cause: new Error(text) })', ['error', 'debug']],
    ['what its comment failed by', `reportTo(async () => { throw new Error(text) }); ${JUDGED}`, ['warning']],
  ] as const)('prints %s, and no command of it is obeyed', async (_, work, own) => {
    const printed = await play(work);
    expect(commandsIn(printed)).toEqual(HOSTILE_TEXTS.flatMap(() => own));
    expect(hasControl(printed)).toBe(false);
  });
});
