/** Whether a push to a branch passes a `branches` filter of a workflow: the last pattern that fits decides. */
export function startsOn(patterns: readonly string[], branch: string): boolean {
  return patterns.reduce((passes, pattern) => {
    const excludes = pattern.startsWith('!');
    return toExpression(excludes ? pattern.slice(1) : pattern).test(branch) ? !excludes : passes;
  }, false);
}

/** `*` stays within a part of the name, `**` does not. */
function toExpression(pattern: string): RegExp {
  const parts = pattern
    .split(/(?<star>\*\*|\*)/)
    .filter((part) => part !== '')
    .map((part) =>
      part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    );
  return new RegExp(`^${parts.join('')}$`);
}
