import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const input = (name) => process.env[`INPUT_${name.toUpperCase()}`] ?? '';
const folder = path.resolve(process.env.GITHUB_WORKSPACE ?? '.', input('path') || '.');
const git = (...args) => execFileSync('git', args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });

const depth = Number(input('fetch-depth') || '1');
const basic = Buffer.from(`x-access-token:${input('token')}`).toString('base64');
const header = `http.${process.env.GITHUB_SERVER_URL}/.extraheader`;
const authorization = `AUTHORIZATION: basic ${basic}`;

mkdirSync(folder, { recursive: true });
git('init', '--quiet');
git('remote', 'add', 'origin', `${process.env.GITHUB_SERVER_URL}/${input('repository')}`);
git(
  '-c',
  `${header}=${authorization}`,
  'fetch',
  '--quiet',
  ...(depth > 0 ? [`--depth=${depth}`] : []),
  'origin',
  input('ref') || process.env.GITHUB_SHA,
);
git('checkout', '--quiet', '--force', '--detach', 'FETCH_HEAD');
if (input('persist-credentials') === 'true') git('config', '--local', header, authorization);
