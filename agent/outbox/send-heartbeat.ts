import { z } from 'zod';
import { epochMs } from '../../core/instant.ts';
import { DISPATCH_TYPES } from '../../core/names.ts';
import type { AgentContext } from '../context.ts';
import { awaitMonitors } from '../windows/note-monitor.ts';
import { report } from './report.ts';

const slotSchema = z.number();

/** Says, once per interval and model, that this host is alive and what it serves; from the first on a monitor is waited for. */
export function sendHeartbeat(context: AgentContext): void {
  const { store, clock, options } = context;
  awaitMonitors(context);
  const slot = Math.floor(epochMs(clock.now()) / 1_000 / options.heartbeatSeconds);
  for (const [model, { traffic }] of Object.entries(store.traffic())) {
    const key = `heartbeat/${model}`;
    if (store.getMemory(key, slotSchema) === slot) continue;
    const newest = store.windows.newest(model);
    store.transaction(() => {
      report(
        context,
        { type: DISPATCH_TYPES.heartbeat, model, step: String(slot) },
        {
          stable: traffic.stable ?? null,
          candidate: traffic.candidate ?? null,
          candidatePercent: traffic.candidatePercent,
          braked: traffic.brake !== undefined,
          lastWindow: newest === undefined ? null : { seq: newest.seq, to: newest.to, n: newest.n },
        },
      );
      store.putMemory(key, slot);
    });
  }
}
