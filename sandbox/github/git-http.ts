import { execFileSync, spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';

/** Git's smart HTTP protocol over one bare repository, by git's own CGI program. */
export async function serveGit(
  request: IncomingMessage,
  response: ServerResponse,
  bare: string,
  pathInRepository: string,
  user: string,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const child = spawn(backend(), {
    env: {
      PATH: process.env['PATH'] ?? '',
      GIT_PROJECT_ROOT: path.dirname(bare),
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: `/${path.basename(bare)}${pathInRepository}`,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      REMOTE_USER: user,
      HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk);
  const { headers, status, body } = parseCgi(Buffer.concat(chunks));
  response.writeHead(status, headers).end(body);
}

type CgiAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
};

function parseCgi(output: Buffer): CgiAnswer {
  const end = output.indexOf('\r\n\r\n');
  if (end < 0) return { status: 500, headers: {}, body: Buffer.alloc(0) };
  const lines = output.subarray(0, end).toString('latin1').split('\r\n');
  const pairs = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  const { status = '200', ...headers } = Object.fromEntries(pairs);
  return { status: Number.parseInt(status, 10), headers, body: output.subarray(end + 4) };
}

let program: string | undefined;

function backend(): string {
  program ??= path.join(
    execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(),
    'git-http-backend',
  );
  return program;
}
