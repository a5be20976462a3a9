import { createAgentClient } from '../../adapters/agent-client.ts';
import { createAgentFetch } from '../../adapters/network/agent-fetch.ts';
import { type Fingerprints, fingerprintOf } from '../../core/config/host-address.ts';
import { messageOf } from '../../core/errors.ts';
import type { AuditFinding } from '../../core/ledger/audit-ledger.ts';
import { findLoss } from '../../core/ledger/head/ledger-head.ts';
import type { LedgerState } from '../../core/ledger/state.ts';
import type { Surroundings } from '../surroundings.ts';

/** Where hosts are, the token that asks them, the variables that say how to reach them, and the certificates that they are held to. */
type Hosts = {
  readonly addresses: readonly string[];
  readonly token: string;
  readonly env: Surroundings['env'];
  readonly fingerprints: Fingerprints;
};

/** What hosts were told of a model's ledger with their orders, and it no longer holds: they keep it where no push to the branch reaches. */
export async function auditHosts(
  state: LedgerState,
  { addresses, token, env, fingerprints }: Hosts,
): Promise<readonly AuditFinding[]> {
  const findings: AuditFinding[] = [];
  for (const url of addresses) {
    try {
      const { traffic } = await createAgentClient({
        ...{ url, token, dependencies: { fetch: createAgentFetch(env, fingerprintOf(fingerprints, url)) } },
      }).state();
      const head = traffic[state.model]?.ledger;
      const lost = head === undefined ? undefined : findLoss(state, [{ by: url, head }]);
      if (lost === undefined) continue;
      const { code, message, remedy } = lost;
      findings.push({ level: 'error', code, message: `${message} ${remedy}` });
    } catch (thrown) {
      const message = `${url} could not be asked how far it saw the ledger go: ${messageOf(thrown)}`;
      findings.push({ level: 'warning', code: 'host-silent', message });
    }
  }
  return findings;
}
