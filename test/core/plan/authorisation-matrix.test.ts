import { describe, expect, test } from 'vitest';
import { verifyDispatch } from '../../../adapters/dispatch-signature.ts';
import type { PlanDecision } from '../../../core/plan/decision.ts';
import { planEvent } from '../../../core/plan/plan-event.ts';
import type { PlanInput } from '../../../core/plan/plan-input.ts';
import { type Cell, readMatrix } from './authorisation/read-matrix.ts';
import {
  asComment,
  asPerson,
  asPush,
  asReport,
  asRun,
  atPlace,
  CONFIG,
  SECRETS,
} from './authorisation/scenes.ts';
import { retrainedState, STATES, stateNamed } from './authorisation/states.ts';
import { input, NOW, parse } from './plan-support.ts';

/** The operations of the operations of reports, by what the tables call the reports. */
const LEADS_TO: Readonly<Record<string, string>> = {
  retrain: 'train',
  'brake of the candidate': 'brake',
  stage: 'advance',
  'lost contact': 'advance',
  'traffic taken back by hand': 'rollback',
  heartbeat: 'monitor',
  drift: 'monitor',
};

function decide(event: Partial<PlanInput>): PlanDecision {
  const verifySignature: PlanInput['verifySignature'] = (type, report) =>
    verifyDispatch(SECRETS, type, report);
  return planEvent({ ...input, config: CONFIG, verifySignature, ...event });
}

/** What the tables write: `yes` where the operation that was meant is given, and the version that was named. */
function answerOf(decision: PlanDecision, meant: string): string {
  if (decision.kind !== 'operation') return decision.code;
  const [, name = meant, version] = /^\/?(\w[\w-]*)(?: v(\d+))?/.exec(meant) ?? [];
  const isMeant = decision.operation === name && (version === undefined || decision.version === version);
  return isMeant ? 'yes' : `${decision.operation} ${decision.version ?? ''}`;
}

/** The state in which there is something to do for a command. */
function stateFor(command: string): string {
  if (/promote|rollback|hold/.test(command)) return 'version 8 is the candidate';
  if (command.includes('resume')) return 'the candidate is held';
  if (command.includes('unmute')) return 'the drift of age is muted';
  return command.includes('unfreeze') ? 'all is frozen' : 'nothing is under way';
}

/** Every table of the page, and what its cells mean. */
const MATRICES: Readonly<Record<string, (cell: Cell) => PlanDecision>> = {
  people: ({ row, column }) =>
    decide({ ...asComment(column), state: stateNamed(stateFor(column)), ...asPerson(row, column) }),
  places: ({ row, column }) => decide({ state: stateNamed(stateFor(column)), ...atPlace(row, column) }),
  states: ({ row, column }) => decide({ ...asComment(column), state: stateNamed(row) }),
  'by hand': ({ row, column }) => decide({ ...asRun(row, column), state: stateNamed(stateFor(column)) }),
  pushes: ({ row, column }) => decide(asPush(row, column)),
  reports: ({ row, column }) => {
    const quiet = column === 'retrain' || column === 'traffic taken back by hand';
    const state = stateNamed(quiet ? 'no model is on its way' : 'version 8 is the candidate');
    return decide(asReport(row, column, state));
  },
  retrains: ({ row, column }) => {
    const held: Readonly<Record<string, Partial<PlanInput>>> = {
      'one was asked for five hours ago, of a cool-down of six': { state: retrainedState(NOW, [5]) },
      'three were asked for this week, of a budget of three': { state: retrainedState(NOW, [90, 60, 30]) },
      'three were asked for, the first eight days ago': { state: retrainedState(NOW, [192, 60, 30]) },
      'a training is open': { state: retrainedState(NOW, [30], true) },
      'monitor.retrain.automatic is false': {
        config: parse(MANUAL),
        state: stateNamed('no model is on its way'),
      },
    };
    const { state = stateNamed('no model is on its way'), config = CONFIG } = held[row] ?? {
      state: stateNamed(row),
    };
    return decide({ ...asReport('the secret of production', column, state), config });
  },
};

const MANUAL = `version: 1
model: mnist
gate: [{ metric: accuracy, floor: 0.9 }]
environments: { production: { hosts: ["https://p:1"] } }
monitor: { retrain: { automatic: false } }
`;

describe.each(Object.entries(MATRICES))('the table of %s', (name, ask) => {
  test.each(readMatrix(name).map((cell) => [cell.row, cell.column, cell.says, cell] as const))(
    '%s, %s: %s',
    (_row, column, says, cell) => {
      const meant = name === 'pushes' ? 'train' : (LEADS_TO[column] ?? column);
      expect(answerOf(ask(cell), meant)).toBe(says);
    },
  );
});

describe('the table of sentences', () => {
  const cells = readMatrix('sentences');
  const rows = cells.filter(({ column }) => column === 'While');
  test.each(rows.map(({ row, says }, index) => [row, says, cells[2 * index + 1]?.says ?? '']))(
    '%s while %s: %s',
    (command, state, sentence) => {
      const decision = decide({ ...asComment(command), state: stateNamed(state) });
      const said = decision.kind === 'refuse' ? `${decision.message} ${decision.remedy}` : decision.kind;
      expect(said.replaceAll('`', '')).toBe(sentence);
    },
  );
});

test('the tables have hundreds of cells, and name each state that they are about', () => {
  const cells = Object.keys(MATRICES).flatMap(readMatrix);
  expect(cells.length).toBeGreaterThanOrEqual(500);
  const rows = new Set(cells.map(({ row }) => row));
  expect(Object.keys(STATES).filter((state) => !rows.has(state))).toEqual([]);
});
