import path from 'node:path';
import process from 'node:process';
import { readHoldout } from '../../adapters/holdout/read-holdout.ts';
import { readAnswers } from '../../adapters/read-answers.ts';
import { joinAnswers } from '../../core/gate/join-answers.ts';
import { judgeGate } from '../../core/gate/judge/gate.ts';
import type { GateRule } from '../../core/gate/rules/rule.ts';
import { spent } from './figures.ts';
import { benchInput } from './gate-input.ts';

/**
 * Reads a holdout and both models' answers in a folder, judges them by metrics, and prints how long that took of the processor, the most memory
 * that the process had, and the verdict. A process of its own: nobody else's memory is counted.
 *
 *     node measure/bench/judge-size.ts FOLDER METRIC...
 */
const [folder = '', ...metrics] = process.argv.slice(2);
const holdout = { path: 'holdout.parquet', target: 'label', id: 'id', slices: ['part'] };
const held = await readHoldout(folder, holdout);
const champion = await readSide('champion');
const challenger = await readSide('challenger');
const read = spent();
const rules = metrics.map(
  (metric): GateRule => ({ kind: 'compare', metric, require: 'non-inferior', margin: 0.01 }),
);
const { verdict, problems, checks } = judgeGate({ ...benchInput(), rules, champion, challenger });
if (problems.length > 0) throw new Error(JSON.stringify(problems));
if (checks.some(({ change }) => change === undefined)) throw new Error(JSON.stringify(checks));
const bytes = process.resourceUsage().maxRSS * 1024;
process.stdout.write(`${JSON.stringify({ read, judged: spent() - read, bytes, verdict })}\n`);

async function readSide(who: string) {
  const { answers } = await readAnswers(path.join(folder, `${who}.parquet`), held.ids.length);
  const joined = joinAnswers(answers, held, who);
  if (!joined.ok) throw new Error(JSON.stringify(joined.error));
  return joined.value;
}
