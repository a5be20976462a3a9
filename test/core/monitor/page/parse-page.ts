import { execFileSync } from 'node:child_process';
import { z } from 'zod';
import { PYTHON } from '../../../../sandbox/checkout.ts';

/** Reads a page twice: as XML, which forgives nothing, and as a browser does. */
const READ = `
import json, sys
from html.parser import HTMLParser
from xml.etree import ElementTree

class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.headings, self.texts, self.links, self.ids = set(), set(), [], [], [], []
    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attributes)
        self.ids.extend(value for name, value in attributes if name == "id")
        self.links.extend(value for name, value in attributes if name in ("href", "src", "srcset", "xlink:href"))
        if tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self.headings.append(int(tag[1]))
    def handle_data(self, data):
        self.texts.append(data)

def read(text):
    root = ElementTree.fromstring(text)
    reader = Reader()
    reader.feed(text)
    reader.close()
    return {
        "tags": sorted(reader.tags), "attributes": sorted(reader.attributes), "headings": reader.headings,
        "links": reader.links, "ids": reader.ids, "text": "\\n".join(reader.texts),
        "figures": [{
            "title": "".join(one.find("h3").itertext()), "caption": "".join(one.find("figcaption").itertext()),
            "letters": [text.text for text in one.iter("text")], "pictures": len(list(one.iter("svg"))),
        } for one in root.iter("figure")],
        "unnamed": sum(1 for one in root.iter("svg") if one.get("role") != "img" or not one.get("aria-label")),
        "rows": [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")],
    }

json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
`;

const pageSchema = z.object({
  tags: z.array(z.string()),
  attributes: z.array(z.string()),
  headings: z.array(z.number()),
  links: z.array(z.string()),
  ids: z.array(z.string()),
  text: z.string(),
  figures: z.array(
    z.object({ title: z.string(), caption: z.string(), letters: z.array(z.string()), pictures: z.number() }),
  ),
  unnamed: z.number(),
  rows: z.array(z.array(z.string())),
});

type Page = z.infer<typeof pageSchema>;

/** What real parsers find in pages. Throws where one is not well-formed. */
export function parsePages(pages: readonly string[]): readonly Page[] {
  const input = JSON.stringify(pages);
  const said = execFileSync(PYTHON, ['-c', READ], { input, encoding: 'utf8', maxBuffer: 2 ** 28 });
  return z.array(pageSchema).parse(JSON.parse(said));
}

/** The same of one page. */
export function parsePage(html: string): Page {
  const [page] = parsePages([html]);
  if (page === undefined) throw new Error('The parser read no page.');
  return page;
}
