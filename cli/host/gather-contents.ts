import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { linesOf, runCommand } from '../../adapters/run-command.ts';
import { optional } from '../../core/config/optional.ts';
import { UserError } from '../../core/errors.ts';
import type { HostSettings } from '../../core/host/agent-files.ts';
import { type HostContents, RUNTIME_PACKAGES } from '../../core/host/plan-host.ts';
import type { SentFile } from '../../core/host/setup-step.ts';
import { SECRET_FILES } from '../../core/init/settings.ts';
import { COMMAND_LINE, SECRETS } from '../../core/names.ts';
import { misused } from '../misused.ts';
import type { Surroundings } from '../surroundings.ts';
import { certify, isCertified, openAuthority } from './certificates.ts';
import { type HostRequest, plain } from './host-request.ts';

/** Files of the folder of secrets that a host is given, and no secret of the repository is made of. */
const TOKENS = 'tokens';
const TRUSTED_KEYS = 'signing.pub';

const HELP_TIMEOUT_MS = 30_000;
/** Stands for a certificate and a key that are not made yet, and need not be for a look. */
const TO_BE = '(made when it is run)';

/** The program of the agent, as this package has it. */
export function readAgent(root: string): string {
  return readFileSync(programOf(root), 'utf8');
}

function programOf(root: string): string {
  return path.join(root, 'agent', 'dist', 'agent.mjs');
}

/** What the host is given, from this machine's files. A certificate is made where none is given and none is there. */
export async function gatherContents(
  request: HostRequest,
  service: HostContents['service'],
): Promise<HostContents> {
  const { given, world, secrets } = request;
  const read = (name: string) => readSecret(secrets, name);
  const repository = plainRepository(given.text('repository'));
  const githubToken = given.text('github-token');
  if ((repository === undefined) !== (githubToken === undefined))
    throw misused(
      '--repository and --github-token go together.',
      'Give both, or none for a host without reports.',
    );
  const settings = {
    ...readSettings(request, repository),
    further: await readFurther(given.list('agent'), world),
  };
  return {
    settings,
    service,
    agent: readAgent(world.root),
    requirements: given
      .list('requirements')
      .flatMap((file) => readRequirements(path.resolve(world.cwd, file))),
    wheels: listWheels(given.text('wheels'), world.cwd),
    tokens: read(TOKENS),
    trustedKeys: read(TRUSTED_KEYS),
    ...(await readCertificate(request)),
    ...optional('nodeArchive', fileOf(given.text('node'), world.cwd)),
    ...(githubToken !== undefined && {
      reports: {
        githubToken: readText(path.resolve(world.cwd, githubToken)),
        dispatchSecret: read(SECRET_FILES[SECRETS.dispatchSecret]),
      },
    }),
  };
}

/** Options of the agent, each one that this version knows: an agent would say nothing of a variable that means nothing to it. */
async function readFurther(
  said: readonly string[],
  { root, env }: Surroundings,
): Promise<HostSettings['further']> {
  if (said.length === 0) return {};
  const args = [programOf(root), '--help'];
  const { stdout } = await runCommand({ command: process.execPath, args, env, timeoutMs: HELP_TIMEOUT_MS });
  const known = new Set(
    linesOf(stdout).flatMap((line) => /^ {2}--(?<flag>[a-z-]+) /.exec(line)?.groups?.['flag'] ?? []),
  );
  return Object.fromEntries(
    said.map((one) => {
      const { flag = '', value = '' } = /^(?<flag>[a-z-]+)=(?<value>[\w.:/,@+-]+)$/.exec(one)?.groups ?? {};
      if (known.has(flag)) return [flag, value];
      throw misused(
        `--agent is ${one}.`,
        'Write NAME=VALUE by the table of options in agent/README.md, without blanks.',
      );
    }),
  );
}

function readSettings(
  { given, address }: HostRequest,
  repository: string | undefined,
): Omit<HostSettings, 'further'> {
  return {
    listen: endpoint(given.text('listen') ?? '', 'listen'),
    dataPlane: endpoint(given.text('data-plane') ?? '', 'data-plane'),
    hostName: plain(given, 'host-name') ?? address,
    environment: plain(given, 'environment') ?? '',
    ...(repository !== undefined && { repository }),
  };
}

async function readCertificate({
  given,
  world,
  secrets,
  address,
}: HostRequest): Promise<Pick<HostContents, 'certificate' | 'key'>> {
  const [cert, key] = [given.text('cert'), given.text('key')];
  if ((cert === undefined) !== (key === undefined))
    throw misused(
      '--cert and --key go together.',
      'Give both, or none for a certificate of an own authority.',
    );
  const inCwd = (file: string) => readText(path.resolve(world.cwd, file));
  if (cert !== undefined && key !== undefined) return { certificate: inCwd(cert), key: inCwd(key) };
  if (given.flag('dry-run') && !isCertified(secrets, address)) return { certificate: TO_BE, key: TO_BE };
  mkdirSync(secrets, { recursive: true, mode: 0o700 });
  const authority = await openAuthority(secrets, world.env);
  if (authority.isNew)
    world.print.line(`made     ${authority.file}: the authority of this repository's hosts`);
  return certify(secrets, authority, { address, env: world.env });
}

function endpoint(text: string, name: string): string {
  const match = /^\[?(?<address>[^\]]+?)\]?:(?<port>\d{1,5})$/.exec(text)?.groups;
  if (match === undefined || isIP(match['address'] ?? '') === 0)
    throw misused(
      `--${name} is ${text}.`,
      'Write an IP address of the host and a port, such as 10.0.0.5:9443.',
    );
  return text;
}

function plainRepository(text: string | undefined): string | undefined {
  if (text === undefined || /^[\w.-]+\/[\w.-]+$/.test(text)) return text;
  throw misused(`--repository is ${text}.`, 'Write owner/name.');
}

function listWheels(folder: string | undefined, cwd: string): readonly SentFile[] {
  if (folder === undefined) return [];
  const place = path.resolve(cwd, folder);
  if (!existsSync(place)) throw unreadable(place);
  const wheels = readdirSync(place).filter((name) => /\.(?:whl|tar\.gz|zip)$/.test(name));
  if (wheels.length === 0)
    throw misused(
      `${place} holds no wheels.`,
      `Fill it with \`pip download -d FOLDER ${RUNTIME_PACKAGES.join(' ')}\` and what the models import.`,
    );
  return wheels.toSorted().map((name) => ({ name, from: { kind: 'file', path: path.join(place, name) } }));
}

/** Lines that name packages; comments and blank lines mean nothing to a host. */
function readRequirements(file: string): readonly string[] {
  const lines = readText(file)
    .split(/\r?\n/)
    .map((line) => line.replace(/(?:^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
  const option = lines.find((line) => line.startsWith('-'));
  if (option === undefined) return lines;
  throw misused(
    `${file} holds the line ${option}.`,
    'Give requirements without options of pip; the host has a pip.conf for them.',
  );
}

function readSecret(folder: string, name: string): string {
  const file = path.join(folder, name);
  if (existsSync(file)) return readText(file);
  const remedy = `Make the secrets of this repository with \`${COMMAND_LINE} init\`, or name their folder with --secrets.`;
  throw new UserError([{ code: 'no-secrets', message: `There is no ${file}.`, remedy }]);
}

function fileOf(file: string | undefined, cwd: string): string | undefined {
  if (file === undefined) return undefined;
  const place = path.resolve(cwd, file);
  if (existsSync(place)) return place;
  throw unreadable(place);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw unreadable(file);
  }
}

function unreadable(file: string): UserError {
  return misused(`${file} can't be read.`, 'Name one that is there.');
}
