/** A path of the configuration as git writes it: without a dot before it or a slash behind it; empty for the whole repository. */
export function gitPath(path: string): string {
  return path.replace(/^(?:\.\/)+|^\.$/, '').replace(/\/+$/, '');
}
