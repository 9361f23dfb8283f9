/** One thing that is wrong with a file, and what is allowed instead. */
export interface Problem {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Such as `services.db.readiness.period`; empty where the file itself is meant. */
  readonly path: string;
  readonly message: string;
}

/** Who sees so many looks at the first ones. */
const MOST_LINES = 100;

/** A file cannot be taken as it is. Its message has a line for everything that is wrong, in the order of the file. */
export class ServiceFileError extends Error {
  override readonly name = 'ServiceFileError';
  readonly problems: readonly Problem[];

  constructor(fileName: string, problems: readonly Problem[]) {
    const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
    const lines = [...new Set(sorted.map((problem) => lineOf(fileName, problem)))];
    const more = lines.length > MOST_LINES ? [`${fileName}: and ${lines.length - MOST_LINES} more`] : [];
    super([...lines.slice(0, MOST_LINES), ...more].join('\n'));
    this.problems = sorted;
  }
}

function lineOf(fileName: string, { line, column, path, message }: Problem): string {
  return `${fileName}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`;
}
