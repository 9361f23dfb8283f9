import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type YAMLMap,
} from 'yaml';
import { ServiceFileError, type Problem } from './service-file-error.ts';

/** Where something stands: the keys and positions from the top. */
export type Path = readonly (string | number)[];

/** More is no file that somebody wrote by hand. */
const MAX_BYTES = 1024 * 1024;
/** How many nodes aliases may stand for, as a multiple of what was written: the bound against « a billion laughs ». */
const MAX_ALIAS_COUNT = 1_000;

interface Place {
  readonly line: number;
  readonly column: number;
}

interface Found {
  readonly key: Node | undefined;
  readonly value: unknown;
}

/**
 * A YAML 1.2 document of which each part knows where it was written. Anchors, aliases and merge keys (`<<`) are followed;
 * several documents, a key twice, unknown tags and expansion without bounds are refused.
 */
export class LocatedDocument {
  /** What the document says, as plain values. */
  readonly data: unknown;
  readonly #document: Document;
  readonly #lines: LineCounter;

  /** @throws ServiceFileError with all that is wrong with the text */
  constructor(text: string, fileName: string) {
    if (Buffer.byteLength(text) > MAX_BYTES) {
      throw new ServiceFileError(fileName, [
        problemAt({ line: 1, column: 1 }, 'The file is longer than 1 MiB.'),
      ]);
    }
    this.#lines = new LineCounter();
    try {
      this.#document = parseDocument(text, {
        version: '1.2',
        merge: true,
        uniqueKeys: true,
        strict: true,
        prettyErrors: false,
        lineCounter: this.#lines,
        // Silence would keep it from telling of a second document.
        logLevel: 'error',
      });
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new ServiceFileError(fileName, [problemAt({ line: 1, column: 1 }, TOO_DEEP)]);
    }
    const faults = this.#faults();
    if (faults.length > 0) throw new ServiceFileError(fileName, faults);
    try {
      this.data = this.#document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
    } catch (cause) {
      if (!(cause instanceof ReferenceError) && !(cause instanceof RangeError)) throw cause;
      throw new ServiceFileError(fileName, [
        problemAt({ line: 1, column: 1 }, 'The aliases of the file stand for too much, or for themselves.'),
      ]);
    }
  }

  /** Where the value at a path begins, or its key where it is no single value; the nearest place above, where nothing is there. */
  placeOf(path: Path): Place {
    let place: Place = { line: 1, column: 1 };
    let node: unknown = this.#document.contents;
    for (const step of path) {
      const found = this.#step(node, step);
      if (found === undefined) return place;
      node = found.value;
      const shown = isScalar(node) && node.value !== null ? node : (found.key ?? node);
      const offset = (shown as Node | undefined)?.range?.[0];
      if (offset !== undefined) place = this.#placeOf(offset);
    }
    return place;
  }

  /** Where the key at the end of a path stands. */
  placeOfKey(path: Path): Place {
    const last = path.at(-1);
    const key = last === undefined ? undefined : this.#step(this.#nodeAt(path.slice(0, -1)), last)?.key;
    const offset = key?.range?.[0];
    return offset === undefined ? this.placeOf(path) : this.#placeOf(offset);
  }

  /** The text of a value as it was written: `1.10` and `0x1F` stay what they are. */
  textAt(path: Path, value: string | number | boolean): string {
    const node = this.#nodeAt(path);
    return isScalar(node) && typeof node.value !== 'string' && node.source !== undefined
      ? node.source
      : String(value);
  }

  #faults(): Problem[] {
    const { errors, warnings } = this.#document;
    // The parser goes down into what is nested by calling itself, and tells how far it came as a fault of the text.
    const tooDeep = errors.find(({ message }) => message.includes('call stack'));
    if (tooDeep !== undefined) return [problemAt(this.#placeOf(tooDeep.pos[0]), TOO_DEEP)];
    const faults = [...errors, ...warnings].map(({ code, message, pos: [offset] }) =>
      problemAt(this.#placeOf(offset), SENTENCES[code] ?? message.split('\n', 1)[0] ?? message),
    );
    visit(this.#document, {
      Alias: (_key, alias) => {
        if (alias.resolve(this.#document) !== undefined) return;
        const place = this.#placeOf(alias.range?.[0] ?? 0);
        faults.push(problemAt(place, `There is no anchor &${alias.source} before this alias.`));
      },
    });
    return faults;
  }

  #nodeAt(path: Path): unknown {
    return path.reduce<unknown>((node, step) => this.#step(node, step)?.value, this.#document.contents);
  }

  #step(from: unknown, step: string | number): Found | undefined {
    const node = this.#resolved(from);
    if (isSeq(node))
      return typeof step === 'number' ? { key: undefined, value: node.items[step] } : undefined;
    if (!isMap(node)) return undefined;
    return this.#entryOf(node, String(step));
  }

  #entryOf(map: YAMLMap, name: string): Found | undefined {
    for (const { key, value } of map.items) {
      if (keyText(key) === name) return { key: key as Node, value: this.#resolved(value) };
    }
    // Of several maps that are merged the first one that has the key counts.
    for (const { key, value } of map.items) {
      if (keyText(key) !== '<<') continue;
      const merged = this.#resolved(value);
      for (const source of isSeq(merged) ? merged.items : [merged]) {
        const from = this.#resolved(source);
        const found = isMap(from) ? this.#entryOf(from, name) : undefined;
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  #resolved(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }

  #placeOf(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

const TOO_DEEP = 'The file is nested too deeply.';

const SENTENCES: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'There is more than one document in the file; give one.',
  DUPLICATE_KEY: 'This key is here already.',
  TAG_RESOLVE_FAILED: 'This tag is not known; write the value without one.',
};

function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  const { value } = key;
  if (typeof value === 'string') return value;
  if (typeof value === 'symbol') return '<<';
  return value === null ? '' : JSON.stringify(value);
}

function problemAt(place: Place, message: string): Problem {
  return { ...place, path: '', message };
}
