/** The invisible mark of the one comment or issue that is updated in place: one per name, such as `monitor/mnist/production`. */
export function commentMarker(name: string): string {
  return `<!-- trainyard:${name.replaceAll(/[^\w./@ -]/g, '').replaceAll('--', '-')} -->`;
}
