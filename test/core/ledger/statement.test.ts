import { describe, expect, it } from 'vitest';
import { buildStatement, findStatementMismatches, statementSchema } from '../../../core/ledger/statement.ts';
import { contextOf, DIGEST, fold, minute, packageOf, startScribe, writeVersion } from './ledger-support.ts';

describe('a statement about a package', () => {
  const write = startScribe();
  const state = fold([
    write('training.requested', { operation: 'train', sha: 'feed', parameters: {} }, 't'),
    write('training.started', { runId: 'run-8', sha: 'feed', dataDigest: DIGEST }, 't'),
    ...writeVersion(write, '8'),
  ]);
  const version = state.versions['8'];
  if (version === undefined) throw new Error('version 8 is missing');
  const environment = 'production';
  const signing = { package: packageOf('8'), environment, workflow: contextOf('x').workflow, at: minute(9) };
  const statement = buildStatement(state, version, signing);

  it('names the package by its digest, and code, data, model and gate it came from', () => {
    expect(statementSchema.parse(statement)).toMatchObject({
      subject: [{ name: packageOf('8'), digest: { sha256: '8'.padStart(64, '0') } }],
      predicate: {
        verdict: 'pass',
        version: '8',
        code: { repository: 'acme/digits', sha: 'feed' },
        dataDigest: DIGEST,
        gate: { evidenceDigest: DIGEST },
      },
    });
  });

  it('agrees with the ledger it was made from, and with no other package or version', () => {
    if (statement === undefined) throw new Error('no statement');
    const said = { state, version: '8', package: packageOf('8'), environment };
    expect(findStatementMismatches(statement, said)).toEqual([]);
    expect(findStatementMismatches(statement, { ...said, package: packageOf('9') })).toEqual([
      expect.stringMatching(/^package: /),
    ]);
    expect(findStatementMismatches(statement, { ...said, environment: 'staging' })).toEqual([
      'environment: signed production, recorded staging',
    ]);
    expect(findStatementMismatches(statement, { ...said, version: '9' })).toEqual([
      'version: signed 8, recorded 9',
      'run: signed run-8, recorded nothing',
      expect.stringMatching(/^model digest: /),
    ]);
  });

  it('names how far the ledger went, and no other history has it', () => {
    const digests = Array.from({ length: state.events }, (_, at) => `sha256:${String(at).padStart(64, '0')}`);
    const origin = { commit: 'c1', replaces: [], digests };
    const anchored = buildStatement({ ...state, origin }, version, signing);
    if (anchored === undefined) throw new Error('no statement');
    const head = { commit: 'c1', events: state.events, digest: digests.at(-1) };
    expect(statementSchema.parse(anchored).predicate.ledger).toMatchObject(head);
    const mismatches = (other: Partial<typeof origin>) =>
      findStatementMismatches(anchored, {
        ...{ state: { ...state, origin: { ...origin, ...other } }, version: '8', package: packageOf('8') },
        environment,
      });
    expect(mismatches({})).toEqual([]);
    expect(mismatches({ digests: digests.with(-1, DIGEST) })).toEqual([expect.stringMatching(/^ledger: /)]);
  });

  it('is not made for a version that was never judged', () => {
    expect(buildStatement(state, { ...version, gate: undefined }, signing)).toBeUndefined();
    expect(buildStatement(state, version, { ...signing, package: 'mnist:latest' })).toBeUndefined();
  });
});
