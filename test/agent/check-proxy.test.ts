import { expect, test } from 'vitest';
import { checkProxy } from '../../agent/options/check-proxy.ts';
import { readOptions } from '../../agent/options/options.ts';

const API = 'https://api.corp.test/v3';
const PROXY = { HTTPS_PROXY: 'http://p:1' };
const REPORTS = {
  TRAINYARD_AGENT_TOKENS: 'deployer 0123456789abcdef',
  TRAINYARD_AGENT_REPOSITORY: 'octo/models',
  TRAINYARD_AGENT_GITHUB_TOKEN: 'token',
  TRAINYARD_AGENT_DISPATCH_SECRET: 'secret',
};

test.each<[string, Record<string, string>, string, readonly string[]]>([
  ['an older Node behind a proxy', PROXY, '24.4.1', ['node-too-old']],
  ['a much older Node behind a proxy', PROXY, '22.19.0', ['node-too-old']],
  ['the first Node that knows proxies', PROXY, '24.5.0', []],
  ['a newer Node', PROXY, '26.0.0', []],
  ['an older Node without a proxy', {}, '22.19.0', []],
  ['an older Node whose host is exempt', { ...PROXY, NO_PROXY: 'corp.test' }, '22.19.0', []],
  ['a variable that holds no address', { https_proxy: 'ftp://p' }, '24.5.0', ['proxy-unusable']],
])('the way of reports: %s', (_, env, version, codes) => {
  expect(checkProxy(API, env, version).map(({ code }) => code)).toEqual(codes);
});

test('an agent that reports does not start without a way; one that does not report needs none', () => {
  const https_proxy = 'ftp://p';
  expect(() => readOptions([], { ...REPORTS, https_proxy })).toThrow('holds no address of an http proxy');
  expect(readOptions([], REPORTS).dispatch?.repository).toBe('octo/models');
  const { TRAINYARD_AGENT_TOKENS } = REPORTS;
  expect(readOptions([], { TRAINYARD_AGENT_TOKENS, https_proxy }).dispatch).toBeUndefined();
});
