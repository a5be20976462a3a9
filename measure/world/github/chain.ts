import { createEvent } from '../../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../../core/ledger/event.ts';
import type { LedgerState } from '../../../core/ledger/state.ts';
import { environmentOf } from '../../../core/ledger/state.ts';
import { packageOf, runOf } from '../packages.ts';
import { ENVIRONMENT, MODEL } from '../world-config.ts';
import { workflowOf } from './flows.ts';

const DIGEST = `sha256:${'e'.repeat(64)}`;

/** What the gate, register and build jobs write of a version that passes: judged against who serves by this state. */
export function versionEvents(version: string, at: string, state: LedgerState): readonly LedgerEvent[] {
  const context = contextOf(`train-${version}`, at);
  const { name, manifest } = packageOf(version);
  const runId = runOf(version);
  const champion = environmentOf(state, ENVIRONMENT).champion?.version;
  const gate = {
    ...{
      runId,
      verdict: 'pass' as const,
      headline: 'It passed.',
      holdoutDigest: DIGEST,
      evidenceDigest: DIGEST,
    },
    ...(champion !== undefined && { champion }),
  };
  const modelDigest = manifest.modelDigest;
  const built = { version, package: name, runId, artifactPath: `trainyard/package/${runId}`, sizeBytes: 1 };
  return [
    createEvent(context, 'gate.judged', gate, champion ?? 'none'),
    createEvent(context, 'version.registered', {
      version,
      runId,
      modelUri: `models:/m-${version}`,
      modelDigest,
    }),
    createEvent(context, 'package.built', built),
  ];
}

/** A version that serves already when the world begins. */
export function championEvents(version: string, at: string): readonly LedgerEvent[] {
  const context = contextOf(`deploy-${version}`, at);
  const where = {
    ...{ rollout: `${MODEL}/${ENVIRONMENT}/v${version}/before`, environment: ENVIRONMENT, version },
    package: packageOf(version).name,
  };
  return [
    createEvent(context, 'rollout.started', { ...where, hosts: ['a'], stages: [100], alpha: 0.01 }),
    createEvent(context, 'rollout.promoted', { ...where, code: 'first', explanation: 'It was the first.' }),
  ];
}

function contextOf(cause: string, at: string) {
  return {
    model: MODEL,
    at,
    actor: 'ann',
    cause: { kind: 'comment' as const, id: cause },
    workflow: workflowOf(1, 1),
  };
}
