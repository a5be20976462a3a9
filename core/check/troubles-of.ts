import type { Problem } from '../errors.ts';
import type { AgentState } from '../serving/api.ts';
import { VERSION } from '../version.ts';

/** What the agent says of itself that a rollout would trip over. */
export function troublesOf({
  agentVersion,
  dataPlane,
  outbox,
  packages,
  warnings: told = [],
}: AgentState): readonly Problem[] {
  const problems: Problem[] = told.map(({ code, message }) => ({
    code,
    message,
    remedy: 'See docs/operations.md.',
  }));
  if (agentVersion !== VERSION) {
    const message = `The agent is of version ${agentVersion}, and this is ${VERSION}.`;
    problems.push({ code: 'other-version', message, remedy: 'Run the same on both sides.' });
  }
  if (packages === 'any') {
    problems.push({
      code: 'packages-unsigned',
      message: 'It serves any package that a deployer sends, signed or not.',
      remedy: 'Name the public key of the repository (.trainyard/secrets/signing.pub) with --trusted-keys.',
    });
  }
  if (!dataPlane.healthy) {
    const message = `Its data plane at ${dataPlane.address} does not answer.`;
    problems.push({
      code: 'data-plane-down',
      message,
      remedy: "Look at the agent's log for what Envoy says.",
    });
  }
  if (outbox.pending > 0 && outbox.oldest !== undefined) {
    const message = `${outbox.pending} reports wait to be sent to the repository, the oldest since ${outbox.oldest}.`;
    problems.push({
      code: 'reports-wait',
      message,
      remedy: "Look at the agent's log: its token may not send them.",
    });
  }
  return problems;
}
