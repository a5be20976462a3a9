import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { newTitlePage, TITLE_PAGE } from '../../core/ledger/head/title-page.ts';
import { LEDGER_BRANCH } from '../../core/names.ts';
import { serveGit } from '../../sandbox/github/git-http.ts';
import { createGitRemote } from '../../sandbox/github/git-remote.ts';
import { ledgerFiles } from './ledger-input.ts';
import type { Size } from './size.ts';

const SIZES = { full: [1_000, 10_000, 100_000], tiny: [10, 20, 40] } as const;
/** Of lines that are chained and signed: each is hashed, and a third longer than its event. */
const READ_TARGET = 1.5;
const APPEND_TARGET = 1.5;
/** Ten times the events should take about ten times as long; much more would not be linear. */
const MOST_GROWTH = 15;
const COLUMNS = ['firstRead', 'grownHead', 'sameHead', 'firstAppend', 'append'] as const;

/** Processor seconds of the job itself, and of the git commands it waits for; the git host's own are not counted. */
type Cost = { readonly own: number; readonly git: number };
type Measured = Readonly<Record<(typeof COLUMNS)[number], Cost> & Record<'events' | 'megabytesRead', number>>;

/** What it costs a job to read and to write ledgers of three sizes, for the first time and again, in time and memory. */
export async function benchLedger(size: Size): Promise<void> {
  const rows: Measured[] = [];
  for (const events of SIZES[size]) rows.push(await measure(events));
  console.log('ledger: processor seconds of the job + of its git commands; memory of the job');
  console.log(`  ${['events', ...COLUMNS, 'MB at most'].map((name) => name.padStart(14)).join('')}`);
  for (const row of rows) {
    const seconds = COLUMNS.map((name) => show(row[name]).padStart(14)).join('');
    console.log(`  ${String(row.events).padStart(14)}${seconds}${row.megabytesRead.toFixed(0).padStart(14)}`);
  }
  const [, before, last] = rows;
  if (before === undefined || last === undefined) throw new Error('nothing was measured');
  const growth = last.firstRead.own / before.firstRead.own;
  const memory = last.megabytesRead / before.megabytesRead;
  console.log(
    `  growth x${growth.toFixed(1)} in time and x${memory.toFixed(1)} in memory for 10 times the events`,
  );
  console.log(
    `  targets of the job itself: read <= ${READ_TARGET} s, append <= ${APPEND_TARGET} s, growth <= x${MOST_GROWTH}`,
  );
  if (size === 'tiny') return;
  const isMet = last.firstRead.own <= READ_TARGET && last.firstAppend.own <= APPEND_TARGET;
  if (!isMet || growth > MOST_GROWTH || memory > MOST_GROWTH) {
    throw new Error('the ledger benchmark misses a target');
  }
}

function show({ own, git }: Cost): string {
  return `${own.toFixed(2)} + ${git.toFixed(2)}`;
}

async function measure(events: number): Promise<Measured> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-bench-'));
  const bare = path.join(folder, 'remote.git');
  const files = { [TITLE_PAGE]: newTitlePage(), ...ledgerFiles(events) };
  createGitRemote(bare).commit({ branch: LEDGER_BRANCH, files, message: 'bench', author: 'bench' });
  // As a git host keeps what it has had for a while.
  execFileSync('git', ['--git-dir', bare, 'gc', '--quiet']);
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    void serveGit(request, response, bare, pathname.replace('/remote.git', ''), 'bench');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    const program = path.join(import.meta.dirname, 'ledger-run.ts');
    const args = [program, `http://127.0.0.1:${port}/remote.git`, folder];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return JSON.parse(stdout);
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
