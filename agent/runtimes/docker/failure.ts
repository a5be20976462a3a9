import { messageOf, ServiceError, UserError } from '../../../core/errors.ts';

/** What an engine's refusal means, by what it says; the first that matches counts. */
const MEANINGS = [
  {
    pattern: /ECONNREFUSED|ENOENT.*sock|EACCES|ECONNRESET|socket hang up|ETIMEDOUT/i,
    code: 'docker-unreachable',
    remedy: 'Start the Docker Engine, and let the user of the agent use its socket.',
  },
  {
    pattern: /no space left on device/i,
    code: 'disk-full',
    remedy:
      'Free space on the disk of the Docker Engine; the agent keeps the images of the last versions only.',
  },
  {
    pattern: /port is already allocated|address already in use|ports are not available/i,
    code: 'port-taken',
    remedy:
      'The next start takes another port; if it repeats, see which program takes the ports of this host.',
  },
  {
    pattern:
      /dial tcp|connection refused|i\/o timeout|no such host|TLS handshake|Client\.Timeout|deadline exceeded/i,
    code: 'registry-unreachable',
    remedy: 'Check that this host reaches the registry.',
  },
  {
    pattern: /HTTP status: 5\d\d|HTTP 5\d\d response/i,
    code: 'registry-failed',
    remedy: 'See the registry’s own log, and deploy again once it answers.',
  },
  {
    pattern: /unauthorized|denied|authentication required/i,
    code: 'registry-denied',
    remedy: 'Log in to the registry with `docker login` as the user of the agent; reading is enough.',
  },
  {
    pattern: /manifest unknown|no such image|not found|repository does not exist/i,
    code: 'image-not-found',
    remedy: 'Check that the image was pushed to this registry, and that this host reaches it.',
  },
  {
    pattern: /could not select device driver|nvidia/i,
    code: 'gpu-unavailable',
    remedy: 'Install the NVIDIA container toolkit on this host, or set serving.gpu to none.',
  },
] as const;

/** Failures that may be over at the next try; all others stay until somebody acts. */
const PASSING = [
  'docker-unreachable',
  'registry-unreachable',
  'registry-failed',
  'port-taken',
  'docker-failed',
];

/** Whether another try may succeed. */
export function isPassing(thrown: unknown): boolean {
  if (thrown instanceof UserError) return false;
  return !(thrown instanceof ServiceError) || PASSING.includes(thrown.problem.code);
}

/** The engine's refusal or silence as a ServiceError with a stable code, naming what was asked of it. */
export function dockerFailure(thrown: unknown, asked: string, endpoint: string): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  const message = messageOf(thrown);
  const meaning = MEANINGS.find(({ pattern }) => pattern.test(message));
  return new ServiceError(
    {
      code: meaning?.code ?? 'docker-failed',
      message: `The Docker Engine could not ${asked}: ${message}`,
      remedy: meaning?.remedy ?? 'See the engine’s own log on this host.',
      where: { kind: 'endpoint', endpoint },
    },
    { cause: thrown },
  );
}

/** The HTTP status of an engine's refusal. */
export function statusOf(thrown: unknown): number | undefined {
  return thrown instanceof Error && 'statusCode' in thrown && typeof thrown.statusCode === 'number'
    ? thrown.statusCode
    : undefined;
}
