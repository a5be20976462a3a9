import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { normalCdf, normalQuantile } from '../../../core/statistics/distributions/normal.ts';
import { compareAuc } from '../../../core/statistics/intervals/delong.ts';
import { expectClose } from './close-to.ts';

// The data belong to pROC and are GPL, so they are read from the installed package and never kept here.
const READ_ASAH = `
  suppressPackageStartupMessages(library(pROC)); data(aSAH)
  for (row in list(as.integer(aSAH$outcome == "Poor"), aSAH$s100b, aSAH$wfns)) cat(as.numeric(row), "\\n")`;

const asah = spawnSync('Rscript', ['--vanilla', '-e', READ_ASAH], { encoding: 'utf8', timeout: 30_000 });

test.skipIf(asah.status !== 0)("the comparison of wfns and s100b is the one in pROC's documentation", () => {
  const [positive = [], s100b = [], wfns = []] = asah.stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(' ').map(Number));
  const ours = compareAuc(positive, s100b, wfns);
  const z = ours.difference / ours.standardError;
  const reach = normalQuantile(0.975) * ours.standardError;
  expectClose(ours.aucB, 0.823678861788618, 'AUC of wfns');
  expectClose(ours.aucA, 0.731368563685637, 'AUC of s100b');
  expectClose(z, 2.20898359144091, 'z');
  expectClose(2 * normalCdf(-z), 0.0271757822291882, 'p');
  expectClose(ours.difference - reach, 0.0104061769564846, 'low');
  expectClose(ours.difference + reach, 0.174214419249478, 'high');
  expect(positive.length).toBe(113);
});
