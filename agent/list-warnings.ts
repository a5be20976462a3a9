import { epochMs } from '../core/instant.ts';
import type { HostWarning } from '../core/serving/api.ts';
import { HOST_WARNINGS } from '../core/serving/host-warning.ts';
import type { AgentContext } from './context.ts';
import { describeJump } from './machine/steady-clock.ts';
import { describeOpenSecrets } from './options/find-open-secrets.ts';
import { findAway } from './traffic/find-away.ts';
import { findUnwritten } from './traffic/find-unwritten.ts';
import { findUnmonitored } from './windows/note-monitor.ts';
import { findUnknownLabels } from './windows/unknown-labels.ts';

/** What is wrong with this host, or with one model's traffic here, as `/v1/state` and the metrics tell it. */
export async function listWarnings(context: AgentContext): Promise<readonly HostWarning[]> {
  const { options, proxy, clock } = context;
  const jump =
    clock.jumpMs() === 0 ? [] : [{ code: HOST_WARNINGS.clockJumped, message: describeJump(clock.jumpMs()) }];
  const problem = proxy.problem();
  const down = problem === undefined ? [] : [{ code: HOST_WARNINGS.proxyBehind, message: problem }];
  const { openSecrets } = options;
  const open =
    openSecrets.length === 0
      ? []
      : [{ code: HOST_WARNINGS.secretsReadable, message: `${describeOpenSecrets(openSecrets)}.` }];
  const certificate = warnOfCertificate(context);
  const crowd = await warnOfCrowd(context);
  const ofModels = [findAway, findUnwritten, findUnmonitored, findUnknownLabels].flatMap((find) =>
    find(context),
  );
  return [...jump, ...down, ...open, ...certificate, ...crowd, ...ofModels];
}

function warnOfCertificate({ certificate, clock }: AgentContext): readonly HostWarning[] {
  if (certificate === undefined) return [];
  const why = certificate.problem();
  const kept =
    why === undefined
      ? []
      : [{ code: HOST_WARNINGS.certificateKept, message: `The certificate stays as it was: ${why}` }];
  const message = `The certificate of the control API ends at ${certificate.about().endsAt}.`;
  const isSoon = certificate.endsSoon(epochMs(clock.now()));
  return [...kept, ...(isSoon ? [{ code: HOST_WARNINGS.certificateEnds, message }] : [])];
}

/** A host that is flooded answers all that it lets in, and looks well but for this. */
async function warnOfCrowd({ proxy }: AgentContext): Promise<readonly HostWarning[]> {
  // One that does not say it does not say that it is healthy either, and that is told.
  const count = await proxy.turnedAway().catch(() => 0);
  if (count === 0) return [];
  const message = `The proxy has lately turned away ${count} connections, since as many were open as it takes, in all or of one address.`;
  return [{ code: HOST_WARNINGS.connectionsRefused, message }];
}
