import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { ROOT } from '../sandbox/checkout.ts';
import { openCamera, type Scene } from '../sandbox/pages/chromium.ts';
import { commentPage } from '../sandbox/pages/markdown-page.ts';

const HELP = `npm run pictures -- comment|page --repo DIR [--chromium PROGRAM] [--out FOLDER]

Takes a picture, in light and dark, of the newest answer in a pull request, or of the agent's page: of what the sandbox of a repository
shows while it runs (docs/first-hour.md).
`;
const COMMENT_WIDTH = 820;
const PAGE_WIDTH = 900;
/** So much of the agent's page goes into its picture: down to the evidence of a rollout. */
const TALLEST = 1_100;
/** The page listens, and has drawn the evidence of a rollout and the last day. */
const IS_DRAWN = `document.querySelector('.live') !== null && document.querySelectorAll('canvas').length >= 4`;
const SCHEMES = ['light', 'dark'] as const;

const commentsSchema = z.object({ comments: z.array(z.looseObject({ user: z.string(), body: z.string() })) });

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      repo: { type: 'string', default: '.' },
      chromium: { type: 'string', default: 'chromium' },
      out: { type: 'string', default: path.join(ROOT, 'docs', 'pictures') },
      help: { type: 'boolean', default: false },
    },
  });
  const [what] = positionals;
  if (values.help || (what !== 'comment' && what !== 'page')) {
    process.stdout.write(HELP);
    return values.help ? 0 : 2;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-pictures-'));
  const said = askSandbox(path.resolve(values.repo));
  const scene = what === 'comment' ? await commentScene(said, folder) : pageScene(said);
  const camera = await openCamera(values.chromium);
  try {
    mkdirSync(values.out, { recursive: true });
    for (const scheme of SCHEMES) {
      const file = path.join(values.out, `${what}-${scheme}.webp`);
      await camera.open(scene, scheme);
      writeFileSync(file, await camera.take(what === 'page' ? TALLEST : undefined));
      console.log(file);
    }
    return 0;
  } finally {
    await camera.close();
    rmSync(folder, { recursive: true });
  }
}

/** What the sandbox of a repository says of itself. */
function askSandbox(repo: string): string {
  const program = path.join(ROOT, 'cli', 'main.ts');
  return execFileSync(process.execPath, [program, 'sandbox', 'status'], { cwd: repo, encoding: 'utf8' });
}

async function commentScene(said: string, folder: string): Promise<Scene> {
  const url = match(said, /runs: (?<found>\S+)\/_sandbox\/runs/);
  const { comments } = commentsSchema.parse(await (await fetch(`${url}/_sandbox/repository`)).json());
  const newest = comments.filter(({ user }) => user.endsWith('[bot]')).at(-1);
  if (newest === undefined) throw new Error('Nothing has been answered yet: comment first.');
  const file = path.join(folder, 'comment.html');
  writeFileSync(file, commentPage(newest.user, newest.body));
  return { url: pathToFileURL(file).href, width: COMMENT_WIDTH, until: `document.readyState === 'complete'` };
}

/** The page keeps its token for as long as its tab is open. */
function pageScene(said: string): Scene {
  const token = match(said, /Authorization: Bearer (?<found>\w+)/);
  const prepare = `sessionStorage.setItem('token', ${JSON.stringify(token)})`;
  return {
    url: `${match(said, /(?<found>http:\S+) +\(Authorization/)}/`,
    width: PAGE_WIDTH,
    prepare,
    until: IS_DRAWN,
  };
}

function match(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.groups?.['found'];
  if (found === undefined) throw new Error(`The sandbox does not say what was looked for (${pattern}).`);
  return found;
}
