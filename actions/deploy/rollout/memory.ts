import type { Environment } from '../../../core/config/config.ts';
import { planOf } from '../../../core/deploy/rollout-traffic.ts';
import { messageOf } from '../../../core/errors.ts';
import { foldLedger } from '../../../core/ledger/fold.ts';
import { environmentOf, lookUp, type Rollout } from '../../../core/ledger/state.ts';
import type { Log, RolloutRecords } from '../../../core/ports.ts';
import type { Baseline } from '../../../core/rollout/evidence/baseline.ts';
import { learnBaseline } from '../../../core/rollout/evidence/learn-baseline.ts';
import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import { type RolloutRecord, recordRollout } from '../../../core/rollout/record/record.ts';
import { collectObservations } from '../hosts/collect-observations.ts';
import type { Fleet } from '../hosts/fleet.ts';
import type { Journal, Reading } from '../journal.ts';

/** How many promoted rollouts are asked how much counts vary here. */
const PAST_ROLLOUTS = 5;

/** What a rollout was judged on. */
export type Seen = { readonly baseline: Baseline; readonly observations: readonly Observation[] };

/** What rollouts were decided on, kept so that they can be decided again and the next one learns. None fails for want of its record. */
export type Memory = {
  /** What the environment's past rollouts teach about this one; nothing where none can be read. */
  readonly recall: (reading: Reading) => Promise<Baseline>;
  /** Keeps the record of a rollout that has ended. */
  readonly remember: (rollout: Rollout, seen: Seen) => Promise<void>;
  /** The same for a rollout that this job ended without having watched it: what was seen is asked of the hosts. */
  readonly rememberUnwatched: (rollout: Rollout) => Promise<void>;
  /** The same for one that another job ended, if that was killed before it could. */
  readonly rememberForgotten: (rolloutId: string) => Promise<void>;
};

type MemoryPorts = {
  readonly journal: Journal;
  readonly fleet: Fleet;
  readonly records: RolloutRecords;
  readonly log: Log;
};

/** The memory of one environment's rollouts, under its present settings. */
export function createMemory({ journal, fleet, records, log }: MemoryPorts, settings: Environment): Memory {
  const tolerate = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (thrown) {
      log.warn(`Could not ${what}: ${messageOf(thrown)}`);
      return undefined;
    }
  };
  const recall: Memory['recall'] = async ({ state, here }) => {
    const promoted = here.history.filter(({ outcome }) => outcome === 'promoted');
    const found = promoted.slice(-PAST_ROLLOUTS).map(async ({ rollout, version }) => {
      const runId = lookUp(state.versions, version)?.runId;
      if (runId === undefined) return undefined;
      return tolerate(`read the record of ${rollout}`, () => records.find(runId, rollout));
    });
    const read = await Promise.all(found);
    return learnBaseline(read.filter((record): record is RolloutRecord => record !== undefined));
  };
  const remember: Memory['remember'] = async (rollout, seen) => {
    await tolerate(`keep the record of ${rollout.id}`, async () => {
      const { state } = await journal.read();
      const runId = lookUp(state.versions, rollout.version)?.runId;
      if (runId === undefined) return;
      const events = await journal.history();
      const plan = planOf(rollout, settings, 'deploy');
      await records.keep(runId, recordRollout({ rollout: rollout.id, plan, events, ...seen }));
    });
  };
  const rememberUnwatched: Memory['rememberUnwatched'] = async (rollout) => {
    await tolerate(`ask what was seen of ${rollout.id}`, async () => {
      const baseline = await recall(await journal.read());
      const observations = await collectObservations(fleet, journal.model, rollout.id)();
      await remember(rollout, { baseline, observations });
    });
  };
  return {
    recall,
    remember,
    rememberUnwatched,
    rememberForgotten: async (rolloutId) => {
      await tolerate(`look for the record of ${rolloutId}`, async () => {
        const ended = await findEnded(journal, rolloutId);
        if (ended === undefined || (await records.find(ended.runId, rolloutId)) !== undefined) return;
        await rememberUnwatched(ended.rollout);
      });
    },
  };
}

/** A rollout as it was right before it ended, and the run that made its version. */
async function findEnded(
  { history, model, environment }: Pick<Journal, 'history' | 'model' | 'environment'>,
  rolloutId: string,
): Promise<{ readonly rollout: Rollout; readonly runId: string } | undefined> {
  const events = await history();
  const end = events.findIndex(
    ({ kind, data }) =>
      (kind === 'rollout.promoted' || kind === 'rollout.rolled-back') && data.rollout === rolloutId,
  );
  const before = foldLedger(model, events.slice(0, Math.max(0, end)));
  const { rollout } = environmentOf(before, environment);
  const runId = rollout && lookUp(before.versions, rollout.version)?.runId;
  return rollout?.id === rolloutId && runId !== undefined ? { rollout, runId } : undefined;
}
