import { hash } from 'node:crypto';

/** The files of a commit, by path. */
type Tree = ReadonlyMap<string, string>;
type Commit = { readonly parent: string | undefined; readonly tree: Tree };

/** The repository's branch of the ledger on the git host, with everything that was ever pushed. */
export type LedgerRemote = {
  readonly head: () => string | undefined;
  readonly commitOf: (hash: string) => Commit | undefined;
  /** Moves the branch if it is where the lease says. */
  readonly push: (hash: string, commits: ReadonlyMap<string, Commit>, lease: string) => 'pushed' | 'rejected';
  /** How many pushes were rejected. */
  readonly races: () => number;
  /** Somebody deletes the branch, and gives how to put it back as it was. */
  readonly deleteBranch: () => () => void;
  /** Whether `ancestor` is `hash` or comes before it. */
  readonly isAncestor: (ancestor: string, hash: string) => boolean;
  /** The blob of that name, if any commit here has it. */
  readonly blob: (name: string) => string | undefined;
  readonly addBlob: (text: string) => string;
};

/** An empty remote. */
export function createLedgerRemote(): LedgerRemote {
  const commits = new Map<string, Commit>();
  const blobs = new Map<string, string>();
  const names = new Map<string, string>();
  let head: string | undefined;
  let races = 0;
  const isAncestor: LedgerRemote['isAncestor'] = (ancestor, hash) => {
    for (let at: string | undefined = hash; at !== undefined; at = commits.get(at)?.parent) {
      if (at === ancestor) return true;
    }
    return false;
  };
  return {
    head: () => head,
    races: () => races,
    commitOf: (hash) => commits.get(hash),
    isAncestor,
    push: (hash, added, lease) => {
      for (const [name, commit] of added) commits.set(name, commit);
      if (head !== hash && (head ?? '') !== lease) {
        races += 1;
        return 'rejected';
      }
      head = hash;
      return 'pushed';
    },
    deleteBranch: () => {
      const lost = head;
      head = undefined;
      return () => {
        head ??= lost;
      };
    },
    blob: (name) => blobs.get(name),
    addBlob: (text) => {
      const name = names.get(text) ?? nameOf(`blob ${Buffer.byteLength(text)}\0${text}`);
      names.set(text, name);
      blobs.set(name, text);
      return name;
    },
  };
}

/** A name of forty hex digits, as git gives them. */
export function nameOf(text: string): string {
  return hash('sha1', text);
}
