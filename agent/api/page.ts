import { createHash } from 'node:crypto';
import { readPageParts } from './page-parts.ts';

/** The live page as it is sent: one document, and the policy under which only its own style and script may run. */
type Page = { readonly html: string; readonly policy: string };

let made: Promise<Page> | undefined;

/** The live page, made once: it asks for a token, listens to `/v1/events` and shows what comes. It holds nothing secret itself. */
export function createPage(): Promise<Page> {
  made ??= makePage();
  return made;
}

async function makePage(): Promise<Page> {
  const { frame, style, script } = await readPageParts();
  const html = frame
    .replace('<link rel="stylesheet" href="style.css">', () => `<style>${style}</style>`)
    .replace('<script src="view.ts"></script>', () => `<script>${script}</script>`);
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(style)}'`,
    `script-src '${hashOf(script)}'`,
    "connect-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return { html, policy };
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
