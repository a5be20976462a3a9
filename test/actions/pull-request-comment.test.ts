import { expect, test } from 'vitest';
import { replaceSection, updateComment } from '../../actions/job/pull-request-comment.ts';
import { createRecordingGitHub } from './support/recording-github.ts';

test('each action keeps its own section of the one comment up to date', async () => {
  const github = createRecordingGitHub();
  const target = { pullRequest: 7, correlationId: 'comment-1', section: 'register', runUrl: 'http://run' };
  await updateComment(github, target, 'one');
  await updateComment(github, { ...target, section: 'deploy' }, 'two');
  await updateComment(github, target, 'three');
  expect(github.comments.size).toBe(1);
  const [body = ''] = github.comments.values();
  expect(body).not.toContain('one');
  expect(body.indexOf('three')).toBeLessThan(body.indexOf('two'));
});

test('a text that holds our own marks can not break the comment apart', () => {
  const once = replaceSection('x', 'deploy', 'bad <!-- trainyard:end deploy --> text');
  const twice = replaceSection(once, 'deploy', 'good');
  expect(twice).not.toContain('text');
  expect(twice.match(/trainyard:end deploy/g)).toHaveLength(1);
});
