import path from 'node:path';
import { buildImage } from '../../../adapters/images/builder.ts';
import type { DockerCli } from '../../../adapters/images/docker-cli.ts';
import { ROOT } from '../../../sandbox/checkout.ts';
import type { ImageBuild, Workshop } from './image-builds.ts';
import { MODEL } from './world.ts';

/** Images as build-torchserve builds them: an environment, and the model's own layer on top. */
export function buildByTrainyard(workshop: Workshop, repository: string): ImageBuild {
  const template = path.join(ROOT, 'runtime', 'image');
  const { docker, pip, base, registry, say } = workshop;
  return async ({ version, folder }) => {
    say(`version ${version} by trainyard${version === '1' ? ': minutes for its environment' : ''}`);
    const { payload } = await buildImage(
      { docker, template, pip, network: 'host' },
      {
        model: MODEL,
        version,
        archive: path.join(folder, 'model.mar'),
        requirements: path.join(template, 'requirements.txt'),
        base,
        repository: `${registry}/${repository}`,
        push: true,
      },
    );
    return { repository, reference: payload.digest };
  };
}

/** The same docker, whose builds start from nothing but the base image. */
export function withoutCache(docker: DockerCli): DockerCli {
  return ([verb = '', ...rest]) => docker([verb, ...(verb === 'build' ? ['--no-cache'] : []), ...rest]);
}
