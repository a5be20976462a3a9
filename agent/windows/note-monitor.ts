import { z } from 'zod';
import { secondsBetween } from '../../core/instant.ts';
import { formatDuration } from '../../core/report/format-number.ts';
import type { HostWarning } from '../../core/serving/api.ts';
import { HOST_WARNINGS } from '../../core/serving/host-warning.ts';
import type { AgentContext } from '../context.ts';

/** Monitors look each hour, or each day where somebody wants it so. */
const SILENT_AFTER_SECONDS = 2 * 86_400;
/** What each request would write is written this seldom, in s. */
const NOTED_EVERY_SECONDS = 60;

const noticeSchema = z.object({ at: z.string(), isFirst: z.boolean() });

type Noting = Pick<AgentContext, 'store' | 'clock'>;

/** Keeps that a monitor has just read what this host counted of the model: windows are read by nobody else. */
export function noteMonitor({ store, clock }: Noting, model: string): void {
  const known = store.getMemory(keyOf(model), noticeSchema);
  const now = clock.now();
  if (known?.isFirst === false && secondsBetween(known.at, now) < NOTED_EVERY_SECONDS) return;
  try {
    store.putMemory(keyOf(model), { at: now, isFirst: false });
  } catch {
    // Who reads windows of a host with a full disk shall have them: a look that was not noted is missed days later at the earliest.
  }
}

/** Begins to wait for a monitor where a version serves and none has looked yet. */
export function awaitMonitors({ store, clock }: Noting): void {
  for (const model of listServed(store)) {
    if (store.getMemory(keyOf(model), noticeSchema) !== undefined) continue;
    store.putMemory(keyOf(model), { at: clock.now(), isFirst: true });
  }
}

/** When a monitor last looked at each model that serves; where `isFirst`, since when one is waited for. */
export function listMonitored({ store }: Pick<Noting, 'store'>): readonly Monitored[] {
  return listServed(store).flatMap((model) => {
    const known = store.getMemory(keyOf(model), noticeSchema);
    return known === undefined ? [] : [{ model, ...known }];
  });
}

type Monitored = z.infer<typeof noticeSchema> & { readonly model: string };

/** Models that nobody watches: GitHub switches schedules off without a word, and then no monitor is there to say so. */
export function findUnmonitored(noting: Noting): readonly HostWarning[] {
  return listMonitored(noting).flatMap(({ model, at, isFirst }) => {
    const seconds = secondsBetween(at, noting.clock.now());
    if (seconds <= SILENT_AFTER_SECONDS) return [];
    const what = isFirst
      ? `No monitor has ever looked at ${model} here, in ${formatDuration(seconds)}.`
      : `No monitor has looked at ${model} for ${formatDuration(seconds)}.`;
    const message = `${what} See in the Actions tab whether its workflow is enabled: \`gh workflow enable trainyard-monitor.yml\`.`;
    return [{ code: HOST_WARNINGS.monitorSilent, model, message }];
  });
}

function listServed(store: AgentContext['store']): readonly string[] {
  return Object.entries(store.traffic()).flatMap(([model, { traffic }]) =>
    traffic.stable === undefined ? [] : [model],
  );
}

function keyOf(model: string): string {
  return `monitored/${model}`;
}
