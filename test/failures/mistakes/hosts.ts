import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { deploy } from '../../../actions/deploy/deploy.ts';
import { createAgentClient } from '../../../adapters/agent-client.ts';
import { createSigner } from '../../../adapters/signing/dsse.ts';
import { checkPort } from '../../../agent/machine/check-port.ts';
import { readOptions } from '../../../agent/options/options.ts';
import { TOKENS } from '../../../sandbox/agent/start-agent.ts';
import { championEvents, createWorld, versionEvents } from '../../actions/support/deployment.ts';
import { createStranger } from '../../cli/support/stranger.ts';
import { byCommand, programsOf } from '../support/by-command.ts';
import { startAgentApi } from '../support/listening.ts';
import { answersOf, type Mistake } from '../support/mistake.ts';

const TOKEN = { TRAINYARD_AGENT_TOKENS: 'deployer 0123456789abcdef' };

/** What a machine says that can be a serving host. */
const FACTS = 'uid=0\\nsudo=yes\\nsystem=Linux\\nmachine=x86_64\\nglibc=yes\\nfree=90000000\\npackages=apt';

/** Starts an agent with these options as far as they are read. */
function startAgent(argv: readonly string[], env: Readonly<Record<string, string>> = TOKEN) {
  return answersOf((async () => readOptions(argv, env))());
}

/** What is wrong with hosts: where they are made, where they start, and where they get a version. */
export const HOSTS: readonly Mistake[] = [
  {
    does: '`host add` before `init` has made keys',
    place: 'host add',
    code: 'no-secrets',
    names: /init/,
    play: () => {
      const PATH = programsOf({ ssh: `cat >/dev/null; printf '${FACTS}\\n'` });
      return byCommand(createStranger(), ['host', 'add', 'root@serve-1'], { PATH });
    },
  },
  {
    does: '`host remove` of a host that has the package of the agent',
    place: 'host remove',
    code: 'package-here',
    names: /apt remove/,
    play: () => {
      const PATH = programsOf({ ssh: `cat >/dev/null; printf '${FACTS}\\npackaged=yes\\n'` });
      return byCommand(createStranger(), ['host', 'remove', 'root@serve-1'], { PATH });
    },
  },
  {
    does: '`host remove` of a host whose agent has no settings by `host add`',
    place: 'host remove',
    code: 'listen-unknown',
    names: /--force/,
    play: () => {
      const PATH = programsOf({ ssh: `cat >/dev/null; printf '${FACTS}\\nset-up=yes\\n'` });
      return byCommand(createStranger(), ['host', 'remove', 'root@serve-1'], { PATH });
    },
  },
  {
    does: 'ssh does not know the key of the host',
    place: 'host add',
    code: 'ssh-failed',
    names: /ssh root@serve-1/,
    play: () => {
      const PATH = programsOf({ ssh: 'cat >/dev/null; echo "Host key verification failed." >&2; exit 255' });
      return byCommand(createStranger(), ['host', 'add', 'root@serve-1'], { PATH });
    },
  },
  {
    does: 'The agent is given no token',
    place: 'agent',
    code: 'option-invalid',
    names: /deployer/,
    play: () => startAgent([], {}),
  },
  {
    does: 'The agent is open to others without TLS',
    place: 'agent',
    code: 'option-invalid',
    names: /--tls-cert/,
    play: () => startAgent(['--listen', '0.0.0.0:9443']),
  },
  {
    does: 'The port of the agent is taken',
    place: 'agent',
    code: 'listen-failed',
    names: /--listen/,
    play: async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void server.close());
      const address = server.address();
      const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
      const what = { what: 'The control API', option: '--listen' };
      return answersOf(checkPort({ address: '127.0.0.1', port, ...what }));
    },
  },
  {
    does: 'The disk of the host is full',
    place: 'job',
    code: 'disk-full',
    names: /free space/,
    play: async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'ty-blob-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const file = path.join(folder, 'model.mar');
      writeFileSync(file, 'a model');
      const url = await startAgentApi({ 'reserve-bytes': String(2 ** 52) });
      const agent = createAgentClient({ url, token: TOKENS.deployer });
      return answersOf(agent.putBlob(`sha256:${'0'.repeat(64)}`, file));
    },
  },
  {
    does: 'The host is down when a rollout starts',
    place: 'job',
    code: 'service-unreachable',
    names: /max-unavailable/,
    play: () => {
      const world = createWorld([...versionEvents('1'), ...championEvents('1'), ...versionEvents('2')]);
      world.agents[1].reachable = false;
      return answersOf(deploy(world.job({ version: '2' })));
    },
  },
  {
    does: 'The secret with the signing key lost its line breaks',
    place: 'job',
    code: 'signing-key-invalid',
    names: /line breaks/,
    play: () =>
      answersOf(
        (async () => createSigner('-----BEGIN PRIVATE KEY----- MC4CAQA -----END PRIVATE KEY-----'))(),
      ),
  },
];
