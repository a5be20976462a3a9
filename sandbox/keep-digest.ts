const LIST = /(?<=HANDLER_DIGESTS[^=]*=\s*\[)[^\]]*/;

/** The text of core/serving/handler-digests.ts with a handler's digest at the end of its list; those of before stay. */
export function keepDigest(text: string, digest: string): string {
  return text.replace(LIST, (listed) => {
    const others = [...listed.matchAll(/'([^']*)'/g)].flatMap(([, one = '']) =>
      one === digest ? [] : [one],
    );
    return `\n${[...others, digest].map((one) => `  '${one}',\n`).join('')}`;
  });
}
