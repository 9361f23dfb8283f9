import type { LogLine, LogStream } from '../../domain/log-line.ts';

export const PATTERN_KINDS = ['TEXT', 'REGEX'] as const;
export type PatternKind = (typeof PATTERN_KINDS)[number];

/** The most ranges that are told of one line: it may have 64 Ki. */
export const MAX_RANGES = 50;

/** What is looked for in each line by itself. */
export interface SoughtPattern {
  readonly text: string;
  readonly kind: PatternKind;
  /** Default: where the pattern has no capital letters (those of `\S`, `\W` and the like do not count). */
  readonly ignoresCase?: boolean | undefined;
}

/** What to look for in a log, where, and in which direction. */
export interface LineSearch {
  readonly pattern: SoughtPattern;
  /** Only lines behind this seq. */
  readonly after?: number | undefined;
  /** Only lines before this seq. */
  readonly before?: number | undefined;
  /** All by default. */
  readonly streams?: readonly LogStream[] | undefined;
  /** `BACKWARD` begins at the end. */
  readonly direction: 'FORWARD' | 'BACKWARD';
  /** It ends at so many hits, or when their lines have 1 MiB of text; with 0 they are counted and not given, and none ends it. */
  readonly maxHits: number;
}

/** A part of a line's text, in UTF-16 code units: from `start`, and up to `end`, which is not in it. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

export interface LineHit {
  readonly seq: number;
  readonly line: LogLine;
  /** The first 50 that do not overlap. None is empty: a pattern that is found as nothing has none. */
  readonly ranges: readonly TextRange[];
}

/** What was found in the part of a log that was looked at: one call looks at a bounded part. */
export interface SearchedPart {
  /** By ascending seq, whatever the direction. */
  readonly hits: readonly LineHit[];
  /** Lines in which the pattern was found, given or not. */
  readonly hitCount: number;
  /** Both ends of what was looked at; nothing where the first is behind the second. Where to go on: `after` the second, or `before` the first. */
  readonly scannedFromSeq: number;
  readonly scannedToSeq: number;
  /** Whether that is all that was asked, as far as the log reaches by now. */
  readonly isComplete: boolean;
}
