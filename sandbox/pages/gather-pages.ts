import { globSync } from 'node:fs';
import path from 'node:path';

const SOURCE = 'https://github.com/trainyard/trainyard/blob/main';
/** Where a document lies that is no page of ours: tools, and what is made at run time. */
const NOT_OURS = /^(?:node_modules|\.trainyard|\.git|\.github|dist|test)$/;
const LINK = /(?<before>\]\(|\b(?:src|srcset)=")(?<target>[^)\s"]+)/g;

/** All documents of a checkout, as paths from its root. */
export function findPages(root: string): readonly string[] {
  return globSync('**/*.md', { cwd: root, exclude: (name) => NOT_OURS.test(path.basename(name)) }).toSorted();
}

/** The page as the site has it: what is no page and no picture there is linked where the sources are. */
export function forSite(file: string, text: string, pages: ReadonlySet<string>): string {
  return text.replaceAll(LINK, (link: string, before: string, target: string) => {
    if (/^(?:[a-z]+:|#)/.test(target)) return link;
    const [place = '', anchor] = target.split('#');
    const linked = path.posix.join(path.posix.dirname(file), place);
    if (pages.has(linked) || linked.startsWith('docs/pictures/')) return link;
    return `${before}${SOURCE}/${linked}${anchor === undefined ? '' : `#${anchor}`}`;
  });
}
