import type { CaptureWindow } from '../../core/drift/window.ts';
import type { AgentPort } from '../../core/ports.ts';

/** The agent gives at most this many windows in one answer. */
const WINDOWS_PER_CALL = 1_000;

/** All capture windows of a model that a host still has, oldest first. */
export async function readWindows(agent: AgentPort, model: string): Promise<readonly CaptureWindow[]> {
  const windows: CaptureWindow[] = [];
  for (let after = 0; ; ) {
    const page = await agent.windows(model, after);
    windows.push(...page);
    after = Math.max(after, ...page.map(({ seq }) => seq));
    if (page.length < WINDOWS_PER_CALL) return windows;
  }
}
