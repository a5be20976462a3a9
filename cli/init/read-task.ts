import type { Task } from '../../core/answers/contract.ts';
import { UserError } from '../../core/errors.ts';
import type { InitialSetup, JudgedTask, OwnMeasure } from '../../core/init/initial-setup.ts';
import type { Given } from '../command.ts';

/** The tasks that a gate is proposed for, and what it is proposed by. The others need more said than fits an option. */
const PROPOSED: readonly (readonly [Task, JudgedTask])[] = [
  ['binary', 'classification'],
  ['multiclass', 'classification'],
  ['regression', 'regression'],
  ['ranking', 'ranking'],
  ['text', 'text'],
];
const MEASURE = /^(?<name>[A-Za-z][\w-]*)=(?<place>[^:=]+\.py:[A-Za-z_]\w*)$/;

/** What was said of the answers of models. */
type SaidTask = {
  readonly task: JudgedTask;
  readonly answers: NonNullable<InitialSetup['answers']>;
  readonly measure?: OwnMeasure;
};

/** Reads --task with what it can't do without; `undefined` where nobody said one. Throws a UserError that names the option that is missing. */
export function readTask(given: Given): SaidTask | undefined {
  const said = given.text('task');
  const measure = readMeasure(given.text('measure'));
  if (said === undefined && measure === undefined) return undefined;
  const [task, judged] = PROPOSED.find(([name]) => name === (said ?? 'text')) ?? [];
  if (task === undefined || judged === undefined) {
    const names = PROPOSED.map(([name]) => name).join(', ');
    const remedy = `Give one of ${names}; docs/answers.md tells how to write others into trainyard.yml.`;
    throw refusal('usage', `--task is ${said}, for which no gate is proposed.`, remedy);
  }
  if (task === 'ranking' && given.text('group') === undefined) {
    const remedy = 'Name the column of the query with --group.';
    throw refusal('which-group', 'Rows are ranked within their query.', remedy);
  }
  if (task === 'text' && measure === undefined) {
    const message = 'A free text is judged by a number for each row.';
    const remedy = 'Name the function of yours that gives it with --measure NAME=FILE.py:FUNCTION.';
    throw refusal('which-measure', message, remedy);
  }
  if (task !== 'text' && measure !== undefined)
    throw refusal('usage', `--measure judges a free text, and --task is ${task}.`, 'Leave one of them out.');
  const answers = { task, from: 'what a model answers' };
  return { task: judged, answers, ...(measure !== undefined && { measure }) };
}

function readMeasure(text: string | undefined): OwnMeasure | undefined {
  if (text === undefined) return undefined;
  const { name, place } = MEASURE.exec(text)?.groups ?? {};
  if (name !== undefined && place !== undefined) return { name, place };
  throw refusal('usage', `--measure is ${text}.`, 'Write NAME=FILE.py:FUNCTION, as in iou=masks.py:iou.');
}

function refusal(code: string, message: string, remedy: string): UserError {
  return new UserError([{ code, message, remedy }]);
}
