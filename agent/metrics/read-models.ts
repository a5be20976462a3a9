import { epochMs } from '../../core/instant.ts';
import type { AgentContext } from '../context.ts';
import { listMonitored } from '../windows/note-monitor.ts';
import type { SamplesOf } from './table.ts';

/** What each model and each of its versions is given and does on this host. */
export function readModels(context: AgentContext): SamplesOf<'state' | 'share' | 'braked' | 'monitored'> {
  const { store } = context;
  const traffic = Object.entries(store.traffic()).map(([model, stored]) => ({ model, ...stored.traffic }));
  const shares = traffic.flatMap(({ model, stable, candidate, candidatePercent }) => [
    { model, version: stable, percent: 100 - candidatePercent },
    { model, version: candidate, percent: candidatePercent },
  ]);
  return {
    state: store
      .instances()
      .map(({ model, version, state }) => ({ labels: { model, version, state }, value: 1 })),
    share: shares.flatMap(({ model, version, percent }) =>
      version === undefined ? [] : [{ labels: { model, version }, value: percent / 100 }],
    ),
    braked: traffic.map(({ model, brake }) => ({ labels: { model }, value: brake === undefined ? 0 : 1 })),
    monitored: listMonitored(context).map(({ model, at }) => ({
      labels: { model },
      value: epochMs(at) / 1_000,
    })),
  };
}
