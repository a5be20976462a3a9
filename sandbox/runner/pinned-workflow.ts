/** Keys that only github.com's own schema has: GitHub Enterprise Server and act refuse a file that holds them. */
const GITHUB_COM_ONLY = /^\s*(?:queue: max|deployment: false)\n/gm;
const SELF_REFERENCE = /(?<key>uses:\s*)\$\/(?<path>\S+)/g;

/**
 * A reusable workflow in which `$/actions/x` is `<repository>/actions/x@<ref>`, for hosts that do not know self-references
 * (GitHub Enterprise Server, act).
 */
export function pinWorkflow(text: string, repository: string, ref: string): string {
  return text
    .replaceAll(SELF_REFERENCE, `$<key>${repository}/$<path>@${ref}`)
    .replaceAll(GITHUB_COM_ONLY, '');
}
