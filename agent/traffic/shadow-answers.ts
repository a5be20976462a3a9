import { statSync } from 'node:fs';
import { epochMs } from '../../core/instant.ts';
import type { ShadowComparison } from '../../core/rollout/evidence/observation.ts';
import { compareAnswers, type ShadowAnswer } from '../../core/rollout/judge-shadow.ts';
import type { Traffic } from '../../core/serving/api.ts';
import type { AgentContext } from '../context.ts';
import { captureFolder } from '../instances/launch.ts';
import { followLog, listPredictionLogs, readProfile } from '../windows/read-version.ts';

/** An answer whose other half has not been logged for so long is given up, in ms: handlers write every few seconds. */
const GIVE_UP_MS = 60_000;

type Waiting = ShadowAnswer & { readonly since: number };
/** What one version has answered so far that the other's answer is not known of, and how far its logs are read. */
type Side = {
  readonly folder: string;
  readonly offsets: Map<string, number>;
  readonly waiting: Map<string, Waiting>;
};
type Comparison = {
  readonly key: string;
  readonly isNumeric: boolean;
  readonly stable: Side;
  readonly candidate: Side;
};

/** Compares, look by look, what both versions answered to the same requests while they are copied. */
export type ShadowAnswers = {
  /** What was compared since the last look; `undefined` when nothing was, or no requests are copied. */
  readonly compare: (model: string, traffic: Traffic) => ShadowComparison | undefined;
};

/**
 * Both handlers log each answer under its request's id, and a copy has the id of its original. Kept in memory: an agent that is
 * killed goes on with what is logged after its start, and what it had compared is in its observations.
 */
export function createShadowAnswers(context: AgentContext): ShadowAnswers {
  const comparisons = new Map<string, Comparison>();
  return {
    compare: (model, traffic) => {
      const { stable, candidate, shadow, lease } = traffic;
      if (!shadow || stable === undefined || candidate === undefined) {
        comparisons.delete(model);
        return undefined;
      }
      const key = [lease?.rollout ?? '', stable, candidate].join('/');
      const known = comparisons.get(model);
      if (known?.key !== key) {
        comparisons.set(model, begin(context, model, { key, stable, candidate }));
        return undefined;
      }
      return look(known, epochMs(context.clock.now()));
    },
  };
}

function begin(
  context: AgentContext,
  model: string,
  { key, stable, candidate }: { readonly key: string; readonly stable: string; readonly candidate: string },
): Comparison {
  const sideOf = (version: string): Side => {
    const folder = captureFolder(context.options.dataDir, model, version);
    const offsets = new Map(listLogs(folder).map((file) => [file, statSync(file).size]));
    return { folder, offsets, waiting: new Map() };
  };
  return {
    key,
    isNumeric: readProfile(context, model, stable)?.prediction.kind === 'numeric',
    stable: sideOf(stable),
    candidate: sideOf(candidate),
  };
}

function look(comparison: Comparison, now: number): ShadowComparison | undefined {
  const { stable, candidate, isNumeric } = comparison;
  for (const side of [stable, candidate]) readNew(side, { isNumeric, since: now });
  const settled = (side: Side, other: Side): readonly ShadowAnswer[] =>
    [...side.waiting.values()].filter(({ id, since }) => other.waiting.has(id) || now - since > GIVE_UP_MS);
  const answers = [settled(stable, candidate), settled(candidate, stable)] as const;
  const compared = compareAnswers(...answers);
  for (const { id } of answers.flat()) {
    stable.waiting.delete(id);
    candidate.waiting.delete(id);
  }
  return compared.pairs + compared.unmatched === 0 ? undefined : compared;
}

function readNew(
  { folder, offsets, waiting }: Side,
  { isNumeric, since }: { readonly isNumeric: boolean; readonly since: number },
): void {
  for (const file of listLogs(folder)) {
    const { lines, offset } = followLog(file, offsets.get(file) ?? 0);
    offsets.set(file, offset);
    for (const line of lines) {
      const [id = '', , answer = ''] = line.split('\t');
      if (id !== '') waiting.set(id, { id, since, prediction: isNumeric ? Number(answer) : answer });
    }
  }
}

/** Those that are being written; what was rotated away has been read by then. */
function listLogs(folder: string): readonly string[] {
  return listPredictionLogs(folder).filter((file) => file.endsWith('.log'));
}
