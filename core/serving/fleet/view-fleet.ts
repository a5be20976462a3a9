import { epochMs, toInstant } from '../../instant.ts';
import { NO_TOTALS } from '../../rollout/evidence/stage-totals.ts';
import type { Traffic } from '../api.ts';
import type { ModelOutlook } from '../screen/outlook.ts';
import type { ScreenEvent } from '../screen/screen-routes.ts';
import type { Arm } from '../screen/view/view.ts';
import { viewHeeds } from '../screen/view/view-notices.ts';

/** What a watcher knows of one host; times are the watcher's own, in ms since 1970. */
export type HostSight = {
  readonly url: string;
  readonly environment: string | undefined;
  /** The last that it said, and when. */
  readonly last: { readonly event: ScreenEvent; readonly atMs: number } | undefined;
  /** Why it says nothing now, and since when. */
  readonly lost: { readonly why: string; readonly sinceMs: number } | undefined;
};

/** One version that answers requests of a model on a host. What is not known is absent. */
type FleetRow = {
  readonly model: string;
  readonly version: string;
  readonly arm: Arm;
  readonly percent: number;
  /** Of a rollout: which stage of how many, and what control has been taken of it. */
  readonly stage?: { readonly number: number; readonly of: number; readonly control: 'running' | 'held' };
  /** Of the whole model, lately in a rollout and else over the last hour. */
  readonly requestsPerSecond?: number;
  readonly requests: number;
  readonly errors: number;
  readonly p95Ms?: number;
  /** The evidence of harm as a share of the limit at which it is taken back. */
  readonly evidenceOfLimit?: number;
};

/** One host as it is shown: what it last said, and since when it is silent. */
export type FleetHost = {
  readonly url: string;
  readonly environment?: string;
  readonly host?: string;
  /** `waiting`: nothing was heard of it yet, and nothing has failed. */
  readonly state: 'live' | 'silent' | 'waiting';
  readonly since?: string;
  readonly why?: string;
  readonly rows: readonly FleetRow[];
  readonly warnings: readonly string[];
};

/** Hosts beside each other, at an instant by the watcher's clock. */
export type FleetView = { readonly at: string; readonly hosts: readonly FleetHost[] };

/** What is shown of hosts. A silent one keeps what it said last, under the word that it is silent. */
export function viewFleet(sights: readonly HostSight[], nowMs: number): FleetView {
  return { at: toInstant(nowMs), hosts: sights.map((sight) => viewHost(sight, nowMs)) };
}

function viewHost({ url, environment, last, lost }: HostSight, nowMs: number): FleetHost {
  const said = last?.event;
  const hostNowMs = last === undefined || said === undefined ? nowMs : epochMs(said.at) + nowMs - last.atMs;
  return {
    url,
    ...(environment !== undefined && { environment }),
    ...(said !== undefined && { host: said.state.host }),
    ...viewState(last, lost),
    rows: said === undefined ? [] : viewRows(said),
    warnings: said === undefined ? [] : viewWarnings(said, hostNowMs),
  };
}

function viewState(
  last: HostSight['last'],
  lost: HostSight['lost'],
): Pick<FleetHost, 'state' | 'since' | 'why'> {
  if (lost === undefined) return { state: last === undefined ? 'waiting' : 'live' };
  return { state: 'silent', since: toInstant(lost.sinceMs), why: lost.why };
}

function viewWarnings(event: ScreenEvent, nowMs: number): readonly string[] {
  const heeds = viewHeeds(event, nowMs).map(({ title, text }) => (text === '' ? title : `${title}: ${text}`));
  const { dataPlane } = event.state;
  return dataPlane.healthy ? heeds : [`its data plane at ${dataPlane.address} does not answer`, ...heeds];
}

function viewRows({ at, state, outlooks }: ScreenEvent): readonly FleetRow[] {
  return Object.entries(state.traffic).flatMap(([model, traffic]) => {
    const outlook = outlooks[model];
    const seen = state.seen?.[model] ?? {};
    return sharesOf(traffic).map(({ arm, version, percent }): FleetRow => {
      const { requests, errors } = seen[version] ?? NO_TOTALS;
      const row = { model, version, arm, percent, requests, errors };
      if (outlook === undefined) return row;
      const p95Ms = outlook.latency[arm]?.p95;
      return { ...row, ...viewArm(arm, outlook, at), ...(p95Ms !== undefined && { p95Ms }) };
    });
  });
}

function sharesOf({ stable, candidate, candidatePercent }: Traffic) {
  const answers = stable === undefined ? [] : [{ arm: 'stable', version: stable } as const];
  const tried = candidate === undefined ? [] : [{ arm: 'candidate', version: candidate } as const];
  const percentOf = { stable: 100 - candidatePercent, candidate: candidatePercent };
  return [...answers, ...tried].map((one) => ({ ...one, percent: percentOf[one.arm] }));
}

type Measured = Pick<FleetRow, 'stage' | 'requestsPerSecond' | 'evidenceOfLimit'>;

function viewArm(arm: Arm, { latency, rollout }: ModelOutlook, at: string): Measured {
  if (arm === 'stable') return { requestsPerSecond: rateOf({ latency, rollout }, at) };
  if (rollout === undefined) return {};
  const { evidence, stage, stages, control } = rollout;
  return {
    stage: { number: stage + 1, of: stages.length, control },
    evidenceOfLimit: Math.exp(evidence.total - evidence.limit),
  };
}

function rateOf({ latency, rollout }: Pick<ModelOutlook, 'latency' | 'rollout'>, at: string): number {
  if (rollout !== undefined) return rollout.requestsPerSecond;
  const seconds = (epochMs(at) - epochMs(latency.since)) / 1_000;
  return seconds > 0 ? latency.stable.answers / seconds : 0;
}
