import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeAtomically } from '../../agent/machine/write-atomically.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ty-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What is written there next finds no room: Linux's own file for that. */
function fillDisk(file: string): void {
  symlinkSync('/dev/full', `${file}.new`);
}

describe('a file that is written whole or not at all', () => {
  it('takes the room that was kept for it where the disk is full', () => {
    const file = join(folder, 'envoy', 'routes.json');
    writeAtomically(file, 'ten percent, and more text than there will be');
    fillDisk(file);
    writeAtomically(file, 'nothing');
    expect(readFileSync(file, 'utf8')).toBe('nothing');
    expect(statSync(file).isFile()).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    // There was room again for the next time.
    fillDisk(file);
    writeAtomically(file, 'half');
    expect(readFileSync(file, 'utf8')).toBe('half');
  });

  it('fails as the disk does where no room was kept, and leaves what was there', () => {
    const file = join(folder, 'routes.json');
    writeAtomically(file, 'ten percent');
    rmSync(`${file}.spare`);
    fillDisk(file);
    expect(() => writeAtomically(file, 'nothing')).toThrow('ENOSPC');
    expect(readFileSync(file, 'utf8')).toBe('ten percent');
  });
});
