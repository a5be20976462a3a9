import { findPromotion } from '../../../core/ledger/find-promotion.ts';
import { ok } from '../../../core/result.ts';
import type { Brake } from '../../../core/serving/api.ts';
import { harmBrake } from '../../../core/serving/brakes/harm-brake.ts';
import type { Fleet } from '../hosts/fleet.ts';
import type { Journal, Reading } from '../journal.ts';
import { type Reasons, withReport } from '../outcomes.ts';
import { proposeRollBack } from './propose-roll-back.ts';

/** The brakes of the agents: what raises a version, or makes it the champion, looks at them first. */
export type Brakes = {
  /** Asks every host in reach whether it has braked this rollout for harm; gives the first that has. Hosts that can't be asked are away. */
  readonly ask: (rolloutId: string) => Promise<Brake | undefined>;
  /**
   * Takes the champion back where a host has braked the rollout that made it that: the brake came while that was written. Gives the
   * ledger as it is then.
   */
  readonly obey: () => Promise<Reading>;
};

type BrakePorts = {
  readonly journal: Pick<Journal, 'model' | 'environment' | 'read' | 'append'>;
  readonly fleet: Pick<Fleet, 'onEveryHost' | 'away'>;
};

/** The brakes of one environment's hosts. */
export function createBrakes({ journal, fleet }: BrakePorts): Brakes {
  const { model, environment } = journal;
  const ask: Brakes['ask'] = async (rolloutId) => {
    const found = await fleet.onEveryHost(async (agent) =>
      harmBrake(await agent.getTraffic(model), rolloutId),
    );
    return found.find((brake) => brake !== undefined);
  };
  return {
    ask,
    obey: async () => {
      const reading = await journal.read();
      const { previous, rollout: open } = reading.here;
      const promotion = findPromotion(reading.here);
      if (promotion === undefined || previous === undefined || open !== undefined) return reading;
      const brake = await ask(promotion.rollout);
      if (brake === undefined) return reading;
      const { rollout: id, version } = promotion;
      const { now } = await journal.append((page) => {
        const { here } = page.now;
        if (here.rollout !== undefined || findPromotion(here)?.rollout !== id) return 'overtaken';
        const { code, explanation } = explainBrake(brake);
        const rollout = { id, version, stable: previous.version };
        return ok(proposeRollBack(page, { environment, rollout, code, explanation, away: fleet.away() }));
      });
      return now;
    },
  };
}

/** A brake of one agent ends the rollout everywhere. */
export function explainBrake({ code, explanation }: Brake): Reasons {
  return withReport(code, `An agent braked: ${explanation}`);
}
