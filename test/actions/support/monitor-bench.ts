import type { Monitoring } from '../../../actions/monitor-check/monitor-context.ts';
import { signDispatch } from '../../../adapters/dispatch-signature.ts';
import type { Notice } from '../../../core/monitor/notice/notice.ts';
import { championEvents, createWorld, versionEvents, type World } from './deployment.ts';
import { serveToAll } from './histories.ts';
import { createRecordingGitHub, type RecordingGitHub } from './recording-github.ts';

/** What dispatches of a monitor bench are signed by. */
export const SECRET = 'a shared secret';

/** A check of version 1, which every host of a world serves; it is stale after so many seconds, if told. */
export function monitorBench(staleness?: number): {
  readonly world: World;
  readonly github: RecordingGitHub;
  /** What a service outside was told. */
  readonly notices: readonly Notice[];
  readonly monitoring: Monitoring;
} {
  const world = createWorld([...versionEvents('1'), ...championEvents('1')]);
  serveToAll(world, '1');
  world.tracking.aliases.set('champion', '1');
  const github = createRecordingGitHub();
  const notices: Notice[] = [];
  const { request, ports } = world.job({});
  const { monitor } = request.config;
  const config = {
    ...request.config,
    monitor: { ...monitor, ...(staleness !== undefined && { stalenessSeconds: staleness }) },
  };
  const { environmentName, environment, author } = request;
  const monitoring: Monitoring = {
    request: { config, environmentName, environment, author, runUrl: 'http://run' },
    ports: {
      ...ports,
      tracking: world.tracking,
      agents: world.agents,
      github,
      sendNotice: async (notice) => void notices.push(notice),
      sign: (type, payload) => signDispatch(SECRET, type, payload),
    },
  };
  return { world, github, notices, monitoring };
}
