import type { GitHub } from '../../core/ports.ts';
import type { GitHubClient } from '../github-client.ts';

type Place = {
  readonly octokit: GitHubClient;
  readonly repository: { readonly owner: string; readonly repo: string };
};
type Proposal = Parameters<GitHub['proposeChange']>[0];

/** Puts the changed file on a branch of its own and opens a pull request for it; asked again it finds both. Gives its address. */
export async function proposeChange({ octokit, repository }: Place, proposal: Proposal): Promise<string> {
  const { branch, from, file, text, title, body } = proposal;
  const base = proposal.base ?? (await octokit.rest.repos.get(repository)).data.default_branch;
  const head = `${repository.owner}:${branch}`;
  const { data: open } = await octokit.rest.pulls.list({ ...repository, head, base, state: 'all' });
  const [known] = open;
  if (known !== undefined) return known.html_url;
  await createBranch({ octokit, repository }, branch, from);
  const place = { ...repository, path: file };
  const { data: present } = await octokit.rest.repos.getContent({ ...place, ref: branch });
  const isFile = !Array.isArray(present) && present.type === 'file';
  if (!isFile || Buffer.from(present.content, 'base64').toString('utf8') !== text) {
    await octokit.rest.repos.createOrUpdateFileContents({
      ...{ ...place, branch, message: title, content: Buffer.from(text).toString('base64') },
      ...(isFile && { sha: present.sha }),
    });
  }
  const { data } = await octokit.rest.pulls.create({ ...repository, title, body, head: branch, base });
  return data.html_url;
}

async function createBranch({ octokit, repository }: Place, branch: string, sha: string): Promise<void> {
  try {
    await octokit.rest.git.createRef({ ...repository, ref: `refs/heads/${branch}`, sha });
  } catch (thrown) {
    // An earlier attempt has made it.
    const { status } = await octokit.rest.git.getRef({ ...repository, ref: `heads/${branch}` }).catch(() => ({
      status: 0,
    }));
    if (status !== 200) throw thrown;
  }
}
