import { rmSync } from 'node:fs';
import process from 'node:process';

/** Removes the folder of a test with all its logs; with TRAINYARD_KEEP set it stays, and its path is told. */
export function discard(folder: string): void {
  if (process.env['TRAINYARD_KEEP'] === undefined) rmSync(folder, { recursive: true, force: true });
  else process.stdout.write(`kept: ${folder}\n`);
}
