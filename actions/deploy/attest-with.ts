import { signStatement } from '../../adapters/attestation.ts';
import type { Workflow } from '../../core/ledger/event.ts';
import { buildStatement } from '../../core/ledger/statement.ts';
import type { Clock } from '../../core/ports.ts';
import type { DeployPorts } from './deploy-context.ts';

/** Signs with the key, when there is one: without it agents that trust no key serve what they are given. */
export function attestWith(
  privateKey: string | undefined,
  workflow: Workflow,
  clock: Clock,
): DeployPorts['attest'] {
  if (privateKey === undefined || privateKey === '') return () => undefined;
  return (state, version, packageName) => {
    const statement = buildStatement(state, version, packageName, { workflow, at: clock.now() });
    return statement && signStatement(statement, privateKey);
  };
}
