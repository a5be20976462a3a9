import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT } from '../../sandbox/checkout.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';

/** Time to start on a busy machine. */
const START_MS = 60_000;
/** The very reference by which the monitor keeps its page. */
const UPLOAD = /actions\/upload-artifact@[0-9a-f]{40}/.exec(
  readFileSync(path.join(ROOT, '.github', 'workflows', 'monitor.yml'), 'utf8'),
)?.[0];

const KEEPING = `
on: { repository_dispatch: { types: [keep] } }
jobs:
  check:
    runs-on: self-hosted
    outputs: { action: '\${{ steps.check.outputs.action }}' }
    steps:
      - id: check
        run: |
          echo "<p>well</p>" > "$RUNNER_TEMP/page.html"
          echo "page=$RUNNER_TEMP/page.html" >> "$GITHUB_OUTPUT"
          echo "action=none" >> "$GITHUB_OUTPUT"
      - if: always() && steps.check.outputs.page != ''
        continue-on-error: true
        uses: ${UPLOAD}
        with: { path: '\${{ steps.check.outputs.page }}', archive: false, overwrite: true, retention-days: 14 }
      - continue-on-error: true
        uses: ${UPLOAD}
        with: { path: '\${{ steps.check.outputs.page }}', archive: false }
`;

let folder: string;
let sandbox: Sandbox;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-artifacts-'));
  sandbox = await startSandbox({ folder, people: { ada: 'maintain' } });
  sandbox.push({ '.github/workflows/keep.yml': KEEPING }, { user: 'ada', message: 'begin' });
}, START_MS);
afterAll(async () => {
  await sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('a run keeps a file that its job uploads, and a job whose upload fails is none that failed', async () => {
  const [run] = sandbox.dispatch('keep', {});
  if (run === undefined) throw new Error('no run');
  await sandbox.finished(run);
  expect(run.conclusion).toBe('success');
  const kept = path.join(folder, 'runs', `${run.id}-keep-repository_dispatch`);
  expect(readdirSync(kept)).toEqual(['page.html']);
  expect(readFileSync(path.join(kept, 'page.html'), 'utf8')).toBe('<p>well</p>\n');
  expect(readFileSync(run.log, 'utf8')).toContain('The run has page.html already.');
});
