import { describe, expect, it } from 'vitest';
import { MINIMAL, parse, problemsOf } from './read-text.ts';

const DIGITS = 'ab'.repeat(32);
const SHOWN = Array(32).fill('AB').join(':');
const withHosts = (hosts: string) => `${MINIMAL}environments: { production: { hosts: [${hosts}] } }\n`;

describe('a host with the fingerprint of its certificate', () => {
  it.each([DIGITS, SHOWN, `sha256:${DIGITS}`, SHOWN.toLowerCase()])('is read, written %s', (written) => {
    const text = withHosts(`"https://a:1", { url: "https://b:1", fingerprint: "${written}" }`);
    expect(parse(text).environments['production']).toMatchObject({
      hosts: ['https://a:1', 'https://b:1'],
      fingerprints: { 'https://b:1': SHOWN },
    });
  });

  it('is none where no host has one', () => {
    expect(parse(withHosts('"https://a:1"')).environments['production']).not.toHaveProperty('fingerprints');
  });

  it.each([
    ['a value that is none', `{ url: "https://b:1", fingerprint: "ab:cd" }`, /SHA-256 fingerprint/],
    ['an address without TLS', `{ url: "http://b:1", fingerprint: "${DIGITS}" }`, /no certificate is shown/],
    ['no address', `{ url: serve-1, fingerprint: "${DIGITS}" }`, /starts with http/],
    ['a host twice', `"https://b:1", { url: "https://B:1/", fingerprint: "${DIGITS}" }`, /listed twice/],
    ['another key', `{ url: "https://b:1", fingerprint: "${DIGITS}", name: b }`, /name/],
  ])('is refused with %s', (_, host, message) => {
    const problems = problemsOf(withHosts(host));
    expect(problems).toHaveLength(1);
    expect(`${problems[0]?.message} ${problems[0]?.remedy}`).toMatch(message);
  });
});
