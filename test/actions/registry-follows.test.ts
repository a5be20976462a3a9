import { describe, expect, test } from 'vitest';
import { registryFollows } from '../../actions/serving/registry-follows.ts';
import { registryAliases } from '../../core/identity/registry-aliases.ts';
import { type EnvironmentState, emptyLedger, type LedgerState } from '../../core/ledger/state.ts';
import { createMemoryTracking } from './support/memory-tracking.ts';

const AT = '2026-11-21T12:00:00.000Z';
const deployed = (version: string) => ({ version, package: `mnist@${version}`, at: AT });
const ended = (version: string, outcome: 'promoted' | 'rolled-back') => {
  return { rollout: `r${version}`, version, outcome, at: AT, explanation: 'So.' };
};

/** Version 2 serves after version 1; version 3 was taken back. */
const HERE: EnvironmentState = {
  champion: deployed('2'),
  previous: deployed('1'),
  history: [ended('1', 'promoted'), ended('2', 'promoted'), ended('3', 'rolled-back')],
};

const of = (environment: string) => ({ environment, aliases: registryAliases(environment, 'production') });
const [PRODUCTION, STAGING] = [of('production'), of('staging')];

function stateOf(environments: Readonly<Record<string, EnvironmentState>>): LedgerState {
  return { ...emptyLedger('mnist'), environments };
}

function bench(aliases: Readonly<Record<string, string>> = {}) {
  const tracking = createMemoryTracking();
  const warnings: string[] = [];
  for (const [alias, version] of Object.entries(aliases)) tracking.aliases.set(alias, version);
  const ports = { registry: tracking, log: { warn: (line: string) => warnings.push(line) } };
  const lives = () =>
    Object.fromEntries([...tracking.versionTags].map(([key, tags]) => [key, Object.values(tags)[0]]));
  return { tracking, warnings, ports, lives };
}

describe('the registry follows the ledger', () => {
  test('in its aliases and in its tags, and says which alias had strayed', async () => {
    const { tracking, ports, lives } = bench({ champion: '3', challenger: '3' });
    const moved = await registryFollows(ports, stateOf({ production: HERE }), PRODUCTION);
    expect(Object.fromEntries(tracking.aliases)).toEqual({ champion: '2', previous: '1' });
    expect(lives()).toEqual({ 'mnist/1': 'archived', 'mnist/2': 'production', 'mnist/3': 'archived' });
    expect(moved).toEqual([
      'The alias champion pointed at 3 and points at 2 again.',
      'The alias challenger pointed at 3 and was taken away.',
      'The alias previous pointed at nothing and points at 1 again.',
    ]);
    expect(await registryFollows(ports, stateOf({ production: HERE }), PRODUCTION)).toEqual([]);
  });

  test('and leaves a challenger its name until a rollout of it has ended', async () => {
    const { tracking, ports } = bench({ challenger: '4' });
    await registryFollows(ports, stateOf({ production: HERE }), PRODUCTION);
    expect(tracking.aliases.get('challenger')).toBe('4');
  });

  test('and calls no version archived that another environment serves', async () => {
    const { ports, lives } = bench();
    const staging = { champion: deployed('4'), previous: deployed('2'), history: [ended('4', 'promoted')] };
    await registryFollows(ports, stateOf({ production: HERE, staging }), STAGING);
    expect(lives()).toEqual({ 'mnist/4': 'production' });
  });

  test('and keeps the aliases of two environments apart, whoever looks last', async () => {
    const { tracking, ports } = bench({ 'challenger-staging': '4' });
    const staging = { champion: deployed('4'), previous: deployed('2'), history: [ended('4', 'promoted')] };
    const state = stateOf({ production: HERE, staging });
    for (const environment of [PRODUCTION, STAGING]) await registryFollows(ports, state, environment);
    const aliases = { champion: '2', previous: '1', 'champion-staging': '4', 'previous-staging': '2' };
    expect(Object.fromEntries(tracking.aliases)).toEqual(aliases);
    for (const environment of [PRODUCTION, STAGING])
      expect(await registryFollows(ports, state, environment)).toEqual([]);
  });

  test('and is left as it is where the ledger knows of no champion', async () => {
    const { tracking, ports } = bench({ champion: '2' });
    expect(await registryFollows(ports, stateOf({ production: { history: [] } }), PRODUCTION)).toEqual([]);
    expect(tracking.aliases.get('champion')).toBe('2');
  });

  test('and fails nobody when it does not answer', async () => {
    const { ports, warnings } = bench();
    const registry = {
      ...ports.registry,
      getAlias: async () => {
        throw new Error('MLflow is down');
      },
    };
    expect(await registryFollows({ ...ports, registry }, stateOf({ production: HERE }), PRODUCTION)).toEqual(
      [],
    );
    expect(warnings).toEqual(['MLflow could not be brought to what the ledger says: MLflow is down']);
  });
});
