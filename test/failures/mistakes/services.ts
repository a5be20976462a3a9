import { createStranger, fileWith } from '../../cli/support/stranger.ts';
import { byCommand, programsOf } from '../support/by-command.ts';
import { startAgentApi, startRefusing, startStrangeTls } from '../support/listening.ts';
import type { Answer, Mistake } from '../support/mistake.ts';

/** An address that nothing listens at. */
const NOBODY = '127.0.0.1:65533';
const TOKEN = 'TRAINYARD_AGENT_TOKEN';

function doctor(part: string, other: string, look: string, env: Readonly<Record<string, string>> = {}) {
  return byCommand(createStranger(fileWith('trainyard.yml', part, other)), ['doctor', look], env);
}

function atMlflow(url: string): Promise<readonly Answer[]> {
  return doctor('https://mlflow.example.com', url, 'mlflow');
}

function atHost(url: string, token = 'a-token-nobody-gave'): Promise<readonly Answer[]> {
  return doctor('https://serve-1:9443', url, 'hosts', { [TOKEN]: token });
}

/** What the jobs would reach for and do not get. */
export const SERVICES: readonly Mistake[] = [
  {
    does: 'MLflow is not reached',
    place: 'doctor',
    code: 'service-unreachable',
    names: /MLFLOW_TRACKING_URI|tracking\.uri/,
    play: () => atMlflow(`http://${NOBODY}`),
  },
  {
    does: 'MLflow wants a password or a token',
    place: 'doctor',
    code: 'service-refused',
    names: /MLFLOW_TRACKING_(?:TOKEN|USERNAME)/,
    play: async () => atMlflow(await startRefusing(401)),
  },
  {
    does: 'No agent runs on the host',
    place: 'doctor',
    code: 'service-unreachable',
    names: /agent runs/,
    play: () => atHost(`https://${NOBODY}`),
  },
  {
    does: 'The name of the host is unknown',
    place: 'doctor',
    code: 'service-unreachable',
    names: /serve-1\.invalid is written/,
    play: () => atHost('https://serve-1.invalid:9443'),
  },
  {
    does: 'The agent speaks TLS, and its address says http://',
    place: 'doctor',
    code: 'service-unreachable',
    names: /https:\/\//,
    play: async () => atHost((await startStrangeTls()).replace('https:', 'http:')),
  },
  {
    does: 'The agent does not speak TLS, and its address says https://',
    place: 'doctor',
    code: 'service-unavailable',
    names: /http:\/\//,
    play: async () => atHost((await startAgentApi()).replace('http:', 'https:')),
  },
  {
    does: 'The certificate of the host is of an authority that nobody here knows',
    place: 'doctor',
    code: 'service-unavailable',
    names: /ca-file|TRAINYARD_CA_FILE|NODE_EXTRA_CA_CERTS/,
    play: async () => atHost(await startStrangeTls()),
  },
  {
    does: 'The token is not one of the host',
    place: 'doctor',
    code: 'token-invalid',
    names: /TRAINYARD_AGENT_TOKEN/,
    play: async () => atHost(await startAgentApi()),
  },
  {
    does: 'The secret with the token is not there',
    place: 'doctor',
    code: 'token-invalid',
    names: /TRAINYARD_AGENT_TOKEN/,
    play: async () => atHost(await startAgentApi(), ''),
  },
  {
    does: 'The Python of the runner lacks packages',
    place: 'doctor',
    code: 'packages-missing',
    names: /pip install/,
    play: () =>
      byCommand(createStranger(), ['doctor', 'runner', '--python', 'py'], {
        PATH: programsOf({ py: 'printf "python 3.11.2\\nmlflow 3.17.2\\nnumpy 2.3.0\\npyarrow\\n"' }),
      }),
  },
  {
    does: 'The Python of the runner is not there',
    place: 'doctor',
    code: 'command-not-found',
    names: /nopy/,
    play: () =>
      byCommand(createStranger(), ['doctor', 'runner', '--python', 'nopy'], {
        PATH: process.env['PATH'] ?? '',
      }),
  },
  {
    does: 'A secret of the repository is not set',
    place: 'doctor',
    code: 'setting-missing',
    names: /gh secret set TRAINYARD_SIGNING_KEY/,
    play: async () => {
      const script =
        'case "$1 $2" in "auth status") ;; "secret list") echo TRAINYARD_AGENT_TOKEN; echo TRAINYARD_DISPATCH_SECRET ;; "variable list") echo MLFLOW_TRACKING_URI ;; *) exit 1 ;; esac';
      const PATH = programsOf({ gh: script });
      return byCommand(createStranger(), ['doctor', 'github'], { PATH });
    },
  },
];
