import { expect, test } from 'vitest';
import { CHAIN_SECTION, type CommentTarget, updateComment } from '../../actions/job/thread-comment.ts';
import type { Block, Report } from '../../core/report/report.ts';
import { createRecordingGitHub } from './support/recording-github.ts';

const TARGET: CommentTarget = {
  model: 'mnist',
  thread: 7,
  correlationId: 'comment-1',
  section: 'register',
  runUrl: 'http://run',
};

function reportOf(...blocks: readonly Block[]): Report {
  return { sign: 'registered', blocks };
}

function say(text: string): Report {
  return reportOf({ kind: 'paragraph', text });
}

test('each action keeps its own section of the one comment up to date', async () => {
  const github = createRecordingGitHub();
  await updateComment(github, TARGET, say('one'));
  await updateComment(github, { ...TARGET, section: 'deploy' }, say('two'));
  await updateComment(github, TARGET, say('three'));
  expect(github.comments.size).toBe(1);
  const [body = ''] = github.comments.values();
  expect(body).not.toContain('one');
  expect(body.indexOf('three')).toBeLessThan(body.indexOf('two'));
});

test('a text that holds our own marks can not break the comment apart', async () => {
  const github = createRecordingGitHub();
  const text = 'bad <!-- trainyard:end register --> text';
  await updateComment(github, TARGET, reportOf({ kind: 'paragraph', text }, { kind: 'code', text }));
  await updateComment(github, TARGET, say('good'));
  const [body = ''] = github.comments.values();
  expect(body).not.toContain('text');
  expect(body.match(/trainyard:end register/g)).toHaveLength(1);
});

test('the sections of every action that shares a comment fit into it, however much they say', async () => {
  const github = createRecordingGitHub();
  const items = Array.from({ length: 5_000 }, (_, index) => `${index} ${'🐤 <b> '.repeat(9)}`);
  for (const section of [CHAIN_SECTION, 'evaluate-gate', 'register', 'deploy']) {
    await updateComment(github, { ...TARGET, section }, reportOf({ kind: 'list', items }));
  }
  const [body = ''] = github.comments.values();
  expect(body.length).toBeLessThan(65_536);
  expect(body.match(/trainyard:end /g)).toHaveLength(4);
});
