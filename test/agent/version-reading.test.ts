import { describe, expect, test } from 'vitest';
import type { ClusterCounters } from '../../agent/envoy/cluster-counters.ts';
import { NO_COUNTERS } from '../../agent/envoy/cluster-counters.ts';
import { beginReading, countSince, type VersionLook } from '../../agent/traffic/version-reading.ts';

const look = (
  counters: Partial<ClusterCounters>,
  invalidAnswers = 0,
  worker = 'first.json',
): VersionLook => ({
  counters: { ...NO_COUNTERS, ...counters },
  invalid: { [worker]: invalidAnswers },
});
/** The counts of each look since the one before; the first look only begins. */
const follow = (...looks: readonly VersionLook[]) => {
  const [first = look({}), ...later] = looks;
  let reading = beginReading(first);
  return later.map((now) => {
    const step = countSince(reading, now);
    reading = step.reading;
    return step.counts;
  });
};

describe('what a version did between two looks', () => {
  test('a request that its client gave up is an error of the version', () => {
    const [counts] = follow(look({}), look({ sent: 10, answered: 7, cut: 3 }));
    expect(counts).toMatchObject({ requests: 10, errors: 3, unanswered: 3, refused: 0 });
  });

  test('a request that is still open is counted once, when it has ended', () => {
    const counts = follow(
      look({}),
      look({ sent: 10, answered: 7, active: 3 }),
      look({ sent: 10, answered: 7, active: 3 }),
      look({ sent: 10, answered: 7, cut: 3 }),
      look({ sent: 10, answered: 7, cut: 3 }),
    );
    expect(counts.map(({ requests }) => requests)).toEqual([7, 0, 3, 0]);
    expect(counts.map(({ errors }) => errors)).toEqual([0, 0, 3, 0]);
  });

  test('a status that the proxy gave in the version’s place counts once', () => {
    const proxied = {
      sent: 3,
      answered: 6,
      serverErrors: 6,
      timeouts: 2,
      cut: 3,
      overflowed: 2,
      unconnected: 1,
    };
    expect(follow(look({}), look(proxied))[0]).toMatchObject({ requests: 6, errors: 6, unanswered: 6 });
  });

  test('a request given up while it waited for a connection counts too', () => {
    expect(follow(look({}), look({ sent: 4, answered: 4, cancelled: 2 }))[0]).toMatchObject({
      requests: 6,
      errors: 2,
      unanswered: 2,
    });
  });

  test('an answer on its way is not taken for one that never came', () => {
    const counts = follow(
      look({ sent: 5, answered: 5 }),
      look({ sent: 9, answered: 9, active: 3 }),
      look({ sent: 9, answered: 9 }),
    );
    expect(counts.map(({ requests, errors }) => [requests, errors])).toEqual([
      [4, 0],
      [0, 0],
    ]);
  });

  test('answers that break off halfway are errors, though their status was good', () => {
    expect(follow(look({}), look({ sent: 5, answered: 5, cut: 5 }))[0]).toMatchObject({
      requests: 5,
      errors: 5,
      unanswered: 5,
    });
  });

  test('what a client wrote wrongly is refused, and no error', () => {
    expect(
      follow(look({}), look({ sent: 8, answered: 8, clientErrors: 3, serverErrors: 1 }))[0],
    ).toMatchObject({
      requests: 8,
      errors: 1,
      refused: 3,
      invalid: 0,
    });
  });

  test('a proxy that began anew has counted what it counts since', () => {
    const [, counts] = follow(
      look({}),
      look({ sent: 100, answered: 90, cut: 10 }),
      look({ sent: 5, answered: 4, cut: 1 }),
    );
    expect(counts).toMatchObject({ requests: 5, errors: 1, unanswered: 1 });
  });

  test('invalid answers that are known after their requests are counted with the next ones', () => {
    const counts = follow(
      look({}),
      look({ sent: 3, answered: 3 }),
      look({ sent: 3, answered: 3 }, 3),
      look({ sent: 5, answered: 5 }, 3),
      look({ sent: 5, answered: 5 }, 3),
      look({ sent: 9, answered: 9 }, 4),
    );
    expect(counts.map(({ invalid }) => invalid)).toEqual([0, 0, 2, 0, 2]);
  });

  test('a server that was set up anew counts its invalid answers from none', () => {
    const counts = follow(look({}, 7), look({ sent: 9, answered: 9 }, 2, 'second.json'));
    expect(counts.map(({ invalid }) => invalid)).toEqual([2]);
  });
});
