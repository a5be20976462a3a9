import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const input = (name) => process.env[`INPUT_${name.toUpperCase()}`] ?? '';
const file = path.resolve(process.env.GITHUB_WORKSPACE ?? '.', input('path'));
const folder = process.env.SANDBOX_ARTIFACTS ?? '';
const kept = path.join(folder, path.basename(file));

if (input('archive') !== 'false') throw new Error('Only single files are kept here: set archive to false.');
if (folder === '') throw new Error('There is nowhere to keep artifacts.');
if (existsSync(kept) && input('overwrite') !== 'true')
  throw new Error(`The run has ${path.basename(file)} already.`);
mkdirSync(folder, { recursive: true });
copyFileSync(file, kept);
console.log(`Kept ${kept}`);
