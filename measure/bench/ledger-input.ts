import { createHash } from 'node:crypto';
import { sealEvent } from '../../adapters/git/seal-event.ts';
import { createLineKeys } from '../../adapters/signing/line-keys.ts';
import { NEW_CHAIN } from '../../core/ledger/chain/chain.ts';
import { createEvent, type EventContext } from '../../core/ledger/create-event.ts';
import type { LedgerEvent, LedgerEventData } from '../../core/ledger/event.ts';
import { ledgerPath } from '../../core/ledger/parse-ledger.ts';

export const MODEL = 'mnist';
/** A key pair of Ed25519 for benchmarks alone; the process that writes and the one that reads share it. */
const PRIVATE_KEY = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIEVERUVERUVERUVERUVERUVERUVERUVERUVERUVERUVE
-----END PRIVATE KEY-----
`;
/** Signs what the benchmark writes, and checks what it reads. */
export const KEYS = createLineKeys({ privateKey: PRIVATE_KEY, trusted: [] });
const SHA = 'a'.repeat(40);
const DAY_MS = 86_400_000;
const VERSIONS_PER_DAY = 3;
const SAID =
  'Stage 10% passed after 17 min: 52,904 candidate requests (52,494 needed), evidence of harm at most 3.6:1.';

/**
 * The files of a ledger of so many events, in the order of their paths: three versions a day, each with two signed statements. Every
 * line follows the one before and is signed by `KEYS`.
 */
export function ledgerFiles(events: number): Readonly<Record<string, string>> {
  const parts = new Map<string, string[]>();
  const { sign } = KEYS;
  let chain = NEW_CHAIN;
  let written = 0;
  for (let version = 1; written < events; version += 1) {
    for (const event of deliver(version).slice(0, events - written)) {
      const path = ledgerPath(event);
      const sealed = sealEvent({ chain, sign }, event);
      chain = sealed.chain;
      const part = parts.get(path) ?? [];
      parts.set(path, part);
      part.push(sealed.line, '\n');
      written += 1;
    }
  }
  return Object.fromEntries([...parts].map(([path, part]) => [path, part.join('')]));
}

/** An event that no ledger of `ledgerFiles` holds. */
export function oneMore(number: number): LedgerEvent {
  return createEvent(contextOf(`more-${number}`, Date.UTC(2026, 0, 1)), 'frozen', { reason: 'bench' });
}

/** All events of one version, from its training to the release of its lock. */
function deliver(number: number): readonly LedgerEvent[] {
  const context = contextOf(`push-${number}`, Date.UTC(2019, 0, 1) + (number * DAY_MS) / VERSIONS_PER_DAY);
  const version = String(number);
  const runId = digest(`run ${number}`).slice(-32);
  const modelDigest = digest(`model ${number}`);
  const rollout = `${MODEL}/production/v${version}/push-${number}`;
  const lock = { lock: 'deploy', environment: 'production', holder: rollout } as const;
  return [
    createEvent(context, 'training.requested', { operation: 'train', sha: SHA, parameters: { lr: 0.001 } }),
    createEvent(context, 'training.started', { runId, sha: SHA }),
    createEvent(context, 'training.finished', {
      runId,
      status: 'finished',
      modelUri: 'models:/m',
      modelDigest,
    }),
    createEvent(context, 'gate.judged', {
      ...{
        runId,
        verdict: 'pass',
        headline: 'It is not worse than the champion: accuracy 0.981 against 0.979.',
      },
      ...{ holdoutDigest: digest('holdout'), evidenceDigest: digest(`evidence ${number}`) },
    }),
    createEvent(context, 'version.registered', { version, runId, modelUri: 'models:/m', modelDigest }),
    createEvent(context, 'package.built', {
      ...{ version, package: packageOf(number), runId, artifactPath: 'trainyard/package', sizeBytes: 1 },
    }),
    createEvent(context, 'lock.acquired', { ...lock, expiresAt: context.at }),
    ...rollOut(context, number, rollout),
    createEvent(context, 'lock.released', lock),
  ];
}

function rollOut(context: EventContext, number: number, rollout: string): readonly LedgerEvent[] {
  const where = { rollout, environment: 'production', version: String(number) };
  const signed = { package: packageOf(number), envelope: envelopeOf(number) };
  const started: LedgerEventData<'rollout.started'> = {
    ...{ ...where, ...signed, hosts: ['https://serve-1:9443'], stages: [1, 10, 50, 100], alpha: 0.01 },
    ...(number > 1 && { stable: String(number - 1) }),
  };
  return [
    createEvent(context, 'rollout.started', started),
    ...[1, 10, 50, 100].map((percent, stage) =>
      createEvent(context, 'rollout.advanced', { ...where, stage, percent, explanation: SAID }, stage),
    ),
    createEvent(context, 'rollout.promoted', { ...where, ...signed, code: 'promote', explanation: SAID }),
  ];
}

function envelopeOf(number: number) {
  // Statements are as long as this, and no two are alike.
  const payload = Array.from({ length: 28 }, (_, part) => digest(`${number} ${part}`).slice(-32)).join('');
  return {
    payloadType: 'application/vnd.in-toto+json' as const,
    payload: Buffer.from(payload).toString('base64'),
    signatures: [{ keyid: 'k', sig: Buffer.from(digest(`sig ${number}`).slice(-64)).toString('base64') }],
  };
}

function contextOf(id: string, atMs: number): EventContext {
  const url = `https://github.com/acme/digits/commit/${SHA}`;
  return {
    model: MODEL,
    at: new Date(atMs).toISOString(),
    actor: 'ann',
    cause: { kind: 'push', id, url },
    workflow: { repository: 'acme/digits', run: '1000000001', attempt: 1, sha: SHA },
  };
}

function packageOf(number: number): string {
  return `${MODEL}@${digest(`package ${number}`)}`;
}

function digest(of: string): string {
  return `sha256:${createHash('sha256').update(of).digest('hex')}`;
}
