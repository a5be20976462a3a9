import { type CaptureWindow, captureWindowSchema } from '../../core/drift/window.ts';
import type { AgentContext } from '../context.ts';
import { breathe } from '../machine/breathe.ts';

/** Windows read in one go: a few ms of work. */
const PIECE = 8;

/** Every kept window of one version, oldest first. */
export async function readWindows(
  { store }: AgentContext,
  model: string,
  version: string,
): Promise<readonly CaptureWindow[]> {
  const windows: CaptureWindow[] = [];
  for (const [index, text] of store.windows.ofVersion(model, version).entries()) {
    if (index % PIECE === 0) await breathe();
    windows.push(captureWindowSchema.parse(JSON.parse(text)));
  }
  return windows;
}
