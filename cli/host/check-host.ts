import { setTimeout as sleep } from 'node:timers/promises';
import { createAgentClient } from '../../adapters/agent-client.ts';
import { createAgentFetch } from '../../adapters/network/agent-fetch.ts';
import { createFetch } from '../../adapters/network/create-fetch.ts';
import { type Checked, errors, errorsOf, fine, passedOver, warnings } from '../../core/check/checked.ts';
import { isUnreachable, messageOf } from '../../core/errors.ts';
import { askGoldenScript, ownDataPlane, readAsked } from '../../core/host/ask-golden.ts';
import type { HostFacts } from '../../core/host/host-facts.ts';
import { HOST_LAYOUT } from '../../core/host/layout.ts';
import type { AgentState } from '../../core/serving/api.ts';
import { VERSION } from '../../core/version.ts';
import { endpointAt, portOf } from './host-request.ts';
import type { Ssh } from './ssh.ts';

/** A host that was just started answers within this time, in ms, and is asked again after that pause. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 1_000;
const ASKED = { attempts: 1, timeoutMs: 5_000 } as const;
const PING_TIMEOUT_MS = 5_000;
const ASK_TIMEOUT_MS = 120_000;

type Look = {
  readonly url: string;
  readonly address: string;
  readonly dataPlane: string;
  readonly environment: string;
  /** Token of the agent's own file. */
  readonly token: string;
  /** SHA-256 of the one certificate that is taken there, where the configuration names one. */
  readonly fingerprint: string | undefined;
  /** With the authority of the host's certificate in it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly ssh: Ssh;
  readonly firewall: HostFacts['firewall'];
};

/** Asks a host that was set up, from here, as runners and clients will: its agent through TLS with a token, and its models. */
export async function checkHost(look: Look): Promise<readonly Checked[]> {
  const { url, environment, dataPlane } = look;
  const agent = createAgentClient({
    ...{ url, token: look.token, environment, ...ASKED },
    dependencies: { fetch: createAgentFetch(look.env, look.fingerprint) },
  });
  try {
    const state = await waitForState(() => agent.state());
    if (state.agentVersion !== VERSION) {
      const message = `The agent is of version ${state.agentVersion}, and this is ${VERSION}.`;
      return errors(url, [{ code: 'other-version', message, remedy: `\`host upgrade\` brings this one.` }]);
    }
    if (!state.dataPlane.healthy) {
      const message = `Its data plane at ${state.dataPlane.address} does not answer.`;
      return errors(url, [{ code: 'data-plane-down', message, remedy: whereLogs() }]);
    }
    return [
      fine(url, `${state.host}, version ${state.agentVersion}, by TLS and with the token`),
      ...(await askModels(look)),
      ...(await knock(look)),
    ];
  } catch (thrown) {
    const found = errorsOf(url, thrown);
    return isUnreachable(thrown)
      ? [...found, passedOver(url, hintOf(look, [portOf(url), portOf(dataPlane)]))]
      : found;
  }
}

/** An agent that was just started opens its port once its state is read. */
async function waitForState(ask: () => Promise<AgentState>): Promise<AgentState> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      const state = await ask();
      if (state.dataPlane.healthy || performance.now() > until) return state;
    } catch (thrown) {
      if (!isUnreachable(thrown) || performance.now() > until) throw thrown;
    }
    await sleep(PAUSE_MS);
  }
}

/** Each model answers, through the proxy, what its package says. */
async function askModels({ ssh, dataPlane }: Look): Promise<readonly Checked[]> {
  const subject = `predictions of ${ssh.destination}`;
  const lines = await ssh.runAsRoot({
    script: askGoldenScript(ownDataPlane(dataPlane)),
    program: `${HOST_LAYOUT.node} --input-type=module -`,
    timeoutMs: ASK_TIMEOUT_MS,
  });
  const asked = readAsked(lines);
  if (asked.length === 0)
    return [passedOver(subject, 'No model is served yet: the next rollout brings one.')];
  return asked.flatMap(({ model, version, verdict, told }) => {
    const text = `${model} version ${version}: ${told}`;
    if (verdict === 'pass') return [fine(subject, text)];
    if (verdict === 'inconclusive') return [passedOver(subject, text)];
    return errors(subject, [{ code: 'prediction-wrong', message: `${text}.`, remedy: whereLogs() }]);
  });
}

/** Whether clients reach the data plane from here: any answer of it will do. */
async function knock(look: Look): Promise<readonly Checked[]> {
  const url = `http://${endpointAt(look.address, look.dataPlane)}/ping`;
  try {
    const { status } = await createFetch(look.env)(url, { signal: AbortSignal.timeout(PING_TIMEOUT_MS) });
    return [fine(url, `answers ${status} from here`)];
  } catch (thrown) {
    const message = `The data plane can't be reached from here: ${messageOf(thrown)}.`;
    return warnings(url, [
      { code: 'data-plane-out-of-reach', message, remedy: hintOf(look, [portOf(look.dataPlane)]) },
    ]);
  }
}

function hintOf({ ssh, firewall }: Look, ports: readonly string[]): string {
  const commands = {
    ufw: ports.map((port) => `ufw allow ${port}/tcp`),
    firewalld: [
      ...ports.map((port) => `firewall-cmd --permanent --add-port=${port}/tcp`),
      'firewall-cmd --reload',
    ],
    none: [],
  }[firewall];
  const open = `Open ${ports.join(' and ')}/tcp of ${ssh.destination}`;
  return commands.length === 0
    ? `${open} in what filters between here and there.`
    : `${open}: \`${commands.join(' && ')}\`, and in what filters between here and there.`;
}

function whereLogs(): string {
  return 'Look at `journalctl -u trainyard-agent` on the host, or at agent.log in its data folder.';
}
