import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { fingerprintOf } from '../../core/config/host-address.ts';
import { type Problem, UserError } from '../../core/errors.ts';
import { SETTING_FILES } from '../../core/host/agent-files.ts';
import type { HostFacts } from '../../core/host/host-facts.ts';
import { HOST_LAYOUT } from '../../core/host/layout.ts';
import { planUpgrade } from '../../core/host/plan-host.ts';
import { type HostService, planRemoval } from '../../core/host/start-steps.ts';
import { showChecked } from '../show-checked.ts';
import { askFacts, cacheOf, tokenOf, trusting } from './add-host.ts';
import { checkHost } from './check-host.ts';
import { readAgent } from './gather-contents.ts';
import { type HostRequest, portOf, urlOf } from './host-request.ts';
import { walkSteps } from './walk-steps.ts';

const CERTIFICATE_TIMEOUT_MS = 60_000;

/** Gives a host this package's agent and starts that; models go on answering meanwhile. Gives the exit code. */
export async function upgradeHost(request: HostRequest): Promise<number> {
  const { given, world, ssh, address } = request;
  const facts = await askFacts(ssh);
  const told = (name: string) => facts.options[`TRAINYARD_AGENT_${name}`];
  const [listen, dataPlane, environment] = [told('LISTEN'), told('DATA_PLANE'), told('ENVIRONMENT')];
  if (listen === undefined || dataPlane === undefined || environment === undefined)
    throw refusal(request, {
      code: 'no-host',
      message: 'No agent was set up there by `host add`.',
      remedy: 'Run `host add` first.',
    });
  const nodeArchive = given.text('node');
  const changed = await walkSteps(
    planUpgrade(facts, {
      agent: readAgent(world.root),
      service: serviceOf(facts, given.flag('no-service')),
      ...(nodeArchive !== undefined && { nodeArchive }),
    }),
    walkOf(request),
  );
  if (given.flag('dry-run')) return 0;
  world.print.line(changed === 0 ? 'Nothing was changed.' : `${changed} changed.`);
  const checked = await checkHost({
    ...{ url: urlOf(address, listen), address, dataPlane, environment, ssh },
    fingerprint: fingerprintOf(request.fingerprints, urlOf(address, listen)),
    ...{ env: trusting(request), token: tokenOf(request, environment), firewall: facts.firewall },
  });
  return showChecked(checked, { print: world.print, asJson: false });
}

/** Ends all of Trainyard on a host and takes it away, what the host knows among it. Gives the exit code. */
export async function removeHost(request: HostRequest): Promise<number> {
  const { given, world } = request;
  const facts = await askFacts(request.ssh);
  const listed = given.flag('force') ? undefined : await findListed(request, portThere(request, facts));
  if (listed !== undefined)
    throw refusal(request, {
      code: 'host-in-use',
      message: `${listed} stands in trainyard.yml: rollouts and monitor-check count on it.`,
      remedy: 'Take it out there first, or give --force.',
    });
  const changed = await walkSteps(planRemoval(), walkOf(request));
  if (!given.flag('dry-run'))
    world.print.line(
      changed === 0 ? 'Nothing of Trainyard was there.' : 'Nothing of Trainyard is left there.',
    );
  return 0;
}

/** The port of the agent; none where nothing of one is there. Throws a UserError where it can't be told. */
function portThere(request: HostRequest, { options, isSetUp }: HostFacts): string | undefined {
  const listen = options['TRAINYARD_AGENT_LISTEN'];
  if (listen !== undefined) return portOf(listen);
  if (!isSetUp) return undefined;
  const { options: file, settings, data } = HOST_LAYOUT;
  throw refusal(request, {
    code: 'listen-unknown',
    message: `${settings} or ${data} is there, and no LISTEN in ${file}: whether trainyard.yml counts on the host can't be told.`,
    remedy:
      'Have `host add` write it, `apt purge trainyard-agent` take what a package has left, or give --force where nobody counts on the host.',
  });
}

/** How the configuration calls a host: by the name it is given here, or any other that its certificate is good for. */
async function findListed(
  { address, hosts, ssh }: HostRequest,
  port: string | undefined,
): Promise<string | undefined> {
  if (port === undefined) return undefined;
  const script = `cat ${SETTING_FILES.certificate} 2>/dev/null || true\n`;
  const pem = (await ssh.runAsRoot({ script, timeoutMs: CERTIFICATE_TIMEOUT_MS })).join('\n');
  const certificate = pem.includes('BEGIN CERTIFICATE') ? new X509Certificate(pem) : undefined;
  const isOurs = (host: string) => {
    const { hostname, port: asked } = new URL(host);
    const name = hostname.replace(/^\[|\]$/g, '');
    if ((asked || '443') !== port) return false;
    if (name === address.toLowerCase()) return true;
    return (isIP(name) === 0 ? certificate?.checkHost(name) : certificate?.checkIP(name)) !== undefined;
  };
  return [...hosts.values()].flat().find(isOurs);
}

function serviceOf({ hasSystemd }: HostFacts, isWithout: boolean): HostService {
  return hasSystemd && !isWithout ? 'unit' : 'process';
}

function walkOf(request: HostRequest) {
  const { given, world, ssh } = request;
  const { print, env } = world;
  return { ssh, print, env, cache: cacheOf(request), isDry: given.flag('dry-run') };
}

function refusal({ ssh }: HostRequest, problem: Omit<Problem, 'where'>): UserError {
  return new UserError([{ ...problem, where: { kind: 'endpoint', endpoint: ssh.destination } }]);
}
