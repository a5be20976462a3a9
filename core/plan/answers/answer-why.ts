import { type LedgerState, lookUp, type VersionState } from '../../ledger/state.ts';
import type { Block, Report, Text } from '../../report/report.ts';
import { tableOfFacts } from '../../report/report.ts';
import { err, ok, type Result } from '../../result.ts';
import { type Refused, refuse } from '../decision.ts';
import { nameVersions } from './name-versions.ts';

/** Why a version is where it is: what it came of, how it was judged, and what became of each of its rollouts. */
export function answerWhy(state: LedgerState, version: string): Result<Report, Refused> {
  const known = lookUp(state.versions, version);
  if (known === undefined) {
    const message = `There is no version ${version} of ${state.model}.`;
    return err(refuse('unknown-version', message, `Its versions: ${nameVersions(state)}`));
  }
  return ok({
    sign: 'status',
    about: `${state.model} ${version}`,
    blocks: [
      tableOfFacts([...describeOrigin(state, known), ...describeVerdict(known)]),
      ...describeRollouts(state, version),
    ],
  });
}

type Fact = readonly [string, Text];

function describeOrigin(
  { trainings }: LedgerState,
  { runId, registeredAt, package: built }: VersionState,
): readonly Fact[] {
  const training = Object.values(trainings).find((one) => one.runId === runId);
  const parameters = Object.entries(training?.parameters ?? {}).map(
    ([name, value]) => `${name}=${String(value)}`,
  );
  return [
    ['registered', registeredAt],
    ['MLflow run', runId],
    ...(training === undefined
      ? []
      : ([
          ['asked for by', `${training.actor}, ${training.cause.kind}`],
          ['commit', training.sha],
        ] as const)),
    ...(training?.reason === undefined ? [] : ([['reason', training.reason]] as const)),
    ...(parameters.length === 0 ? [] : ([['parameters', parameters.join(' ')]] as const)),
    ...(built === undefined ? [] : ([['package', built.package]] as const)),
  ];
}

function describeVerdict({ gate }: VersionState): readonly Fact[] {
  if (gate === undefined) return [['gate', 'not judged']];
  const beside = gate.champion === undefined ? 'beside nothing' : `beside version ${gate.champion}`;
  return [['gate', `${gate.verdict} at ${gate.at}, ${beside}: ${gate.headline}`]];
}

function describeRollouts({ environments }: LedgerState, version: string): readonly Block[] {
  return Object.entries(environments).flatMap(([name, { champion, rollout, history }]) => {
    const ended = history.filter((one) => one.version === version);
    const facts: Fact[] = ended.map(({ at, outcome, explanation }) => [at, `${outcome}: ${explanation}`]);
    if (rollout?.version === version)
      facts.push([rollout.stageStartedAt, `under way, at ${rollout.percent} %`]);
    if (champion?.version === version) facts.push([champion.at, 'serves all traffic since']);
    return facts.length === 0 ? [] : [{ kind: 'heading', text: name } as const, tableOfFacts(facts)];
  });
}
