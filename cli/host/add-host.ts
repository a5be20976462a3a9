import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fingerprintOf } from '../../core/config/host-address.ts';
import { atLeastOne, type Problem, UserError } from '../../core/errors.ts';
import { FACTS_SCRIPT, type HostFacts, judgeFacts, readFacts } from '../../core/host/host-facts.ts';
import { type HostContents, planHost } from '../../core/host/plan-host.ts';
import { SECRET_FILES } from '../../core/init/settings.ts';
import { SECRETS } from '../../core/names.ts';
import { secretOf } from '../../core/serving/secret-of.ts';
import { showChecked } from '../show-checked.ts';
import { checkHost } from './check-host.ts';
import { gatherContents } from './gather-contents.ts';
import { type HostPlace, type HostRequest, urlOf } from './host-request.ts';
import type { Ssh } from './ssh.ts';
import { walkSteps } from './walk-steps.ts';

/** Half of the loop is off then, and nothing else would say so. */
const UNREPORTED =
  'It reports to no repository, so that no brake, drift or silence of it is heard of before the monitor asks: give --repository OWNER/NAME and --github-token FILE (a token that may write its contents).';

const FACTS_TIMEOUT_MS = 60_000;

/** Makes a machine that ssh reaches a serving host, and asks it at the end. What is so already stays. Gives the exit code. */
export async function addHost(request: HostRequest): Promise<number> {
  const { given, world, ssh } = request;
  const { print } = world;
  const facts = await askFacts(ssh);
  const service = serviceOf(facts, given.flag('no-service'));
  const contents = await gatherContents(request, service);
  const isDry = given.flag('dry-run');
  const changed = await walkSteps(planHost(facts, contents), {
    ...{ ssh, print, env: world.env, cache: cacheOf(request), isDry },
  });
  if (isDry) {
    print.line(changed === 0 ? 'Nothing is to do.' : `${changed} to do. Nothing was changed.`);
    return 0;
  }
  print.line(changed === 0 ? 'Nothing was changed.' : `${changed} changed.`);
  if (service === 'none') throw new UserError(atLeastOne(noSystemd(ssh)));
  return showEnd(request, contents, facts);
}

/** What a host is. Throws a UserError where it can be no serving host. */
export async function askFacts(ssh: Ssh): Promise<HostFacts> {
  const facts = readFacts(await ssh.run({ script: FACTS_SCRIPT, timeoutMs: FACTS_TIMEOUT_MS }));
  const problems = judgeFacts(facts).map((problem) => ({
    ...problem,
    where: { kind: 'endpoint', endpoint: ssh.destination } as const,
  }));
  if (problems.length > 0) throw new UserError(atLeastOne(problems));
  return facts;
}

/** Where packages that are sent to hosts are kept on this machine. */
export function cacheOf({ secrets }: HostPlace): string {
  return path.join(path.dirname(secrets), 'cache');
}

/** The variables with which the agents of these hosts are asked: their own authority among them, unless another is named. */
export function trusting({ secrets, world }: HostPlace) {
  const authority = path.join(secrets, 'ca.crt');
  const own = existsSync(authority) ? { TRAINYARD_CA_FILE: authority } : {};
  return { ...own, ...world.env };
}

/** The token that agents of an environment take: by the variable, or what init has made. */
export function tokenOf({ secrets, world }: HostPlace, environment: string): string {
  const file = path.join(secrets, SECRET_FILES[SECRETS.agentToken]);
  const secret = world.env[SECRETS.agentToken] ?? (existsSync(file) ? readFileSync(file, 'utf8').trim() : '');
  return secretOf(secret, environment) ?? '';
}

function serviceOf({ hasSystemd }: HostFacts, isWithout: boolean): HostContents['service'] {
  if (isWithout) return 'process';
  return hasSystemd ? 'unit' : 'none';
}

function noSystemd({ destination }: Ssh): readonly Problem[] {
  return [
    {
      code: 'no-systemd',
      message: 'No systemd runs there, and nothing was started: all else is in place.',
      remedy:
        'Give --no-service for a process that nothing starts again, or have your own supervisor run what docs/operations.md says.',
      where: { kind: 'endpoint', endpoint: destination },
    },
  ];
}

async function showEnd(request: HostRequest, { settings }: HostContents, facts: HostFacts): Promise<number> {
  const { world, ssh, address, hosts } = request;
  const { listen, dataPlane, environment, repository } = settings;
  const url = urlOf(address, listen);
  const env = trusting(request);
  const checked = await checkHost({
    ...{ url, address, dataPlane, environment, ssh, env, token: tokenOf(request, environment) },
    fingerprint: fingerprintOf(request.fingerprints, url),
    firewall: facts.firewall,
  });
  const code = showChecked(checked, { print: world.print, asJson: false });
  const next = [
    ...(hosts.get(environment)?.includes(url) === true
      ? []
      : [`In trainyard.yml: environments: { ${environment}: { hosts: ["${url}"] } }`]),
    ...(env.TRAINYARD_CA_FILE === undefined
      ? []
      : [`On each runner: TRAINYARD_CA_FILE, or the input ca-file, names ${env.TRAINYARD_CA_FILE}`]),
    ...(repository === undefined ? [UNREPORTED] : []),
  ];
  for (const line of next) world.print.line(line);
  return code;
}
