import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { captureFolder } from '../../agent/instances/launch.ts';
import { createShadowAnswers, type ShadowAnswers } from '../../agent/traffic/shadow-answers.ts';
import type { Traffic } from '../../core/serving/api.ts';
import { type FakeHost, openFakeHost } from './support/fake-context.ts';

const MODEL = 'mnist';
const SHADOW: Traffic = { stable: '1', candidate: '2', candidatePercent: 0, shadow: true, revision: 1 };

let host: FakeHost;
let answers: ShadowAnswers;
beforeEach(() => {
  host = openFakeHost();
  answers = createShadowAnswers(host.context);
});
afterEach(() => host.close());

const logOf = (version: string) =>
  join(captureFolder(host.context.options.dataDir, MODEL, version), 'predictions-1.log');
const line = (id: string, answer: string) => `${id}\t2026-01-01T00:00:00Z\t${answer}\t-1\n`;
const log = (version: string, text: string) => {
  mkdirSync(captureFolder(host.context.options.dataDir, MODEL, version), { recursive: true });
  appendFileSync(logOf(version), text);
};
const look = (traffic = SHADOW) => answers.compare(MODEL, traffic);

test('pairs what both versions answered from the start of the copies on, each answer once', () => {
  for (const version of ['1', '2']) log(version, line('before', version));
  expect(look()).toBeUndefined();
  log('1', line('a', 'cat') + line('b', 'dog') + line('c', 'cat'));
  log('2', line('a', 'cat') + line('b', 'cat'));
  expect(look()).toEqual({ pairs: 2, different: 1, unmatched: 0 });
  expect(look()).toBeUndefined();
  log('2', line('c', 'cat'));
  expect(look()).toEqual({ pairs: 1, different: 0, unmatched: 0 });
});

test('waits for a line to be whole', () => {
  look();
  log('1', line('a', 'cat'));
  log('2', line('a', 'catfish').slice(0, 30));
  expect(look()).toBeUndefined();
  log('2', line('a', 'catfish').slice(30));
  expect(look()).toMatchObject({ pairs: 1, different: 1 });
});

test('gives up an answer that only one version gave', () => {
  look();
  log('1', line('a', 'cat'));
  expect(look()).toBeUndefined();
  host.world.now += 61_000;
  expect(look()).toEqual({ pairs: 0, different: 0, unmatched: 1 });
  expect(look()).toBeUndefined();
});

test('goes on in a log that was begun anew', () => {
  log('1', line('old', 'cat').repeat(10));
  look();
  renameSync(logOf('1'), `${logOf('1')}.1`);
  writeFileSync(logOf('1'), line('a', 'cat'));
  log('2', line('a', 'cat'));
  expect(look()).toMatchObject({ pairs: 1, different: 0 });
});

test('compares nothing once requests are no longer copied', () => {
  look();
  for (const version of ['1', '2']) log(version, line('a', 'cat'));
  expect(look({ ...SHADOW, shadow: false })).toBeUndefined();
  expect(look()).toBeUndefined();
});
