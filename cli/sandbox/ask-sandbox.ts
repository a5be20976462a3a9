import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { linesOf, runGit } from '../../adapters/git/run.ts';
import { UserError } from '../../core/errors.ts';
import { SANDBOX_FILE } from '../../core/names.ts';
import type { Given } from '../command.ts';
import type { Surroundings } from '../surroundings.ts';

const TIMEOUT_MS = 60_000;

const placeSchema = z.object({ url: z.string(), token: z.string() });
const answerSchema = z.object({ code: z.number(), lines: z.array(z.string()) });

/** Asks the sandbox of a repository for something, and says what it answers. Gives the exit code. */
export async function askSandbox(given: Given, { cwd, print }: Surroundings): Promise<number> {
  const folder = path.resolve(cwd, given.text('repo') ?? '.');
  const [verb = '', ...words] = given.words;
  const { url, token } = await findSandbox(folder);
  const answer = await ask(folder, url, { token, order: { verb, words } });
  const { code, lines } = answerSchema.parse(answer);
  for (const line of lines) print.line(line);
  return code;
}

async function findSandbox(folder: string): Promise<z.infer<typeof placeSchema>> {
  const args = ['rev-parse', '--git-path', SANDBOX_FILE];
  const [file] = linesOf(await runGit({ folder, args, timeoutMs: TIMEOUT_MS }));
  try {
    return placeSchema.parse(JSON.parse(await readFile(path.resolve(folder, file ?? ''), 'utf8')));
  } catch (cause) {
    throw noSandbox(folder, cause);
  }
}

async function ask(
  folder: string,
  url: string,
  { token, order }: { readonly token: string; readonly order: object },
): Promise<unknown> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(order),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return await response.json();
  } catch (cause) {
    throw noSandbox(folder, cause);
  }
}

function noSandbox(folder: string, cause: unknown): UserError {
  const remedy =
    'Start one with `trainyard sandbox` in another terminal, and wait until it says that it is ready.';
  return new UserError([{ code: 'no-sandbox', message: `No sandbox of ${folder} runs.`, remedy }], { cause });
}
