import { InvalidInputError } from '../../domain/errors.ts';
import {
  MAX_RANGES,
  type LineHit,
  type PatternKind,
  type SearchedPart,
  type TextRange,
} from '../../logs/search/line-search.ts';
import { builder } from '../builder.ts';
import { given } from '../given.ts';
import { checkPageSize } from '../page-size.ts';
import { JobLog } from './job-log.ts';
import { LogLine } from './log-line.ts';
import { LogStreamRef } from './log-stream.ts';

/** Hits when neither `first` nor `last` is given. */
const DEFAULT_HITS = 50;
/** The most hits of one answer; more is refused. */
const MAX_HITS = 200;
/** As much as some hundred fields: it looks at a part of a log that may be long. */
const SEARCH_COMPLEXITY = 500;

const LogSearchKindRef = builder.enumType('LogSearchKind', {
  description: 'How a pattern is meant.',
  values: {
    TEXT: { description: 'As it stands.' },
    REGEX: {
      description:
        'As a regular expression in RE2 syntax: without lookaround and back references, so that no pattern takes for ever.',
    },
  } satisfies Record<PatternKind, { description: string }>,
});

const LogTextRange = builder.objectRef<TextRange>('LogTextRange').implement({
  authScopes: { read: true },
  description: 'A part of the text of a line, counted in UTF-16 code units as strings of JavaScript are.',
  fields: (t) => ({
    start: t.exposeInt('start', { description: 'Where it begins; 0 is the first.' }),
    end: t.exposeInt('end', { description: 'Where it ends: the first that is not in it.' }),
  }),
});

const LogHit = builder.objectRef<LineHit>('LogHit').implement({
  authScopes: { read: true },
  description:
    'A line in which the pattern was found. A piece of a continued line is looked at by itself, as it is given.',
  fields: (t) => ({
    seq: t.expose('seq', { type: 'SafeInt', description: 'Its number, for `lines` and for going on.' }),
    line: t.field({ type: LogLine, description: 'The line itself.', resolve: (hit) => hit.line }),
    ranges: t.field({
      type: [LogTextRange],
      description:
        'Where in its text: the first 50, which do not overlap. Empty where the pattern was found as nothing, such as `x*`.',
      complexity: { field: 0, multiplier: MAX_RANGES },
      resolve: (hit) => [...hit.ranges],
    }),
  }),
});

const LogSearchResult = builder.objectRef<SearchedPart>('LogSearchResult').implement({
  authScopes: { read: true },
  description:
    'What was found in a part of a log. A search looks at so much in one answer as it can in a quarter of a second; ask on where it has stopped.',
  fields: (t) => ({
    hits: t.field({
      type: [LogHit],
      description: 'The lines, by ascending seq, from whichever end they were asked.',
      complexity: { field: 0, multiplier: 1 },
      resolve: (part) => [...part.hits],
    }),
    hitCount: t.exposeInt('hitCount', {
      description: 'How many lines of the part have it. As many as `hits`, unless those were not wanted.',
    }),
    scannedFromSeq: t.expose('scannedFromSeq', {
      type: 'SafeInt',
      description:
        'The first line of the part: where it is not complete, `last` goes on with this as `before`.',
    }),
    scannedToSeq: t.expose('scannedToSeq', {
      type: 'SafeInt',
      description:
        'The last line of the part: `first` goes on with this as `after`, also when a running job has written more. Before `scannedFromSeq` where there was nothing to look at.',
    }),
    isComplete: t.exposeBoolean('isComplete', {
      description:
        'Whether all that was asked has been looked at, as far as the log reaches by now. False where the answer has as many hits as it can.',
    }),
  }),
});

builder.objectField(JobLog, 'search', (t) =>
  t.field({
    type: LogSearchResult,
    description:
      'Looks for a pattern in each line, masked as it is given to readers. Without `first` and `last`: the first 50 hits. With `first: 0` they are counted and not given. Where their lines have more than 1 MiB of text, there are fewer in one answer.',
    args: {
      pattern: t.arg.string({
        required: true,
        description: 'What to look for: 1 to 1,000 characters, without a line end.',
      }),
      kind: t.arg({ type: LogSearchKindRef, defaultValue: 'TEXT', description: 'How it is meant.' }),
      ignoreCase: t.arg.boolean({
        description:
          'Whether capital and small letters are the same. By default, where the pattern has no capital ones. In a TEXT of ASCII, those of ASCII alone.',
      }),
      streams: t.arg({ type: [LogStreamRef], description: 'Only lines of these streams.' }),
      after: t.arg({ type: 'SafeInt', description: 'Only lines with a higher seq.' }),
      before: t.arg({ type: 'SafeInt', description: 'Only lines with a lower seq.' }),
      first: t.arg.int({
        description: 'At most so many hits, from the beginning or after `after`. At most 200.',
      }),
      last: t.arg.int({
        description: 'At most so many hits, from the end or before `before`. At most 200.',
      }),
    },
    complexity: ({ first, last }) => ({
      field: SEARCH_COMPLEXITY,
      multiplier: Math.min(first ?? last ?? DEFAULT_HITS, MAX_HITS),
    }),
    resolve: (log, { pattern, kind, ignoreCase, streams, after, before, first, last }, { signal }) => {
      checkPageSize({ first, last }, MAX_HITS);
      for (const [field, seq] of Object.entries(given({ after, before }))) {
        if (seq < 0)
          throw new InvalidInputError(`${field} is the seq of a line; it cannot be negative.`, field);
      }
      const isBackward = (last ?? null) !== null;
      return log.search(
        {
          pattern: { text: pattern, kind: kind ?? 'TEXT', ignoresCase: ignoreCase ?? undefined },
          ...given({ streams, after, before }),
          direction: isBackward ? 'BACKWARD' : 'FORWARD',
          maxHits: (isBackward ? last : first) ?? DEFAULT_HITS,
        },
        signal,
      );
    },
  }),
);
