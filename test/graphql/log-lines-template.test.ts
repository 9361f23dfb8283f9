import fc from 'fast-check';
import { execute, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { SCOPES } from '../../src/domain/scope.ts';
import type { JobLogPayloadOf } from '../../src/graphql/job-log-events.ts';
import { KeptTemplates, LogLinesTemplate } from '../../src/graphql/rendering/log-lines-template.ts';
import { schema } from '../../src/graphql/schema.ts';
import { type BatchEnding, LogBatch } from '../../src/logs/log-batch.ts';
import { escapedTexts } from '../../src/logs/escaped-texts.ts';

const LINE_TEXT = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.stringMatching(/^[a-z"\\\r\t\u0000-\u001f\u007f\u2028\ufeff n]{0,12}$/),
  fc.constantFrom('', '\r', '\\n', '\\', '"', 'x\\', '\\r', '</script>'),
);

/** Lines of one stream that were read at once; some of their bytes are not UTF-8. */
const batches = (firstSeq: number): fc.Arbitrary<LogBatch[]> =>
  fc
    .array(
      fc.record({
        texts: fc.array(
          LINE_TEXT.map((text) => text.replaceAll('\n', '')),
          { minLength: 1, maxLength: 6 },
        ),
        stream: fc.constantFrom('STDOUT' as const, 'STDERR' as const),
        atMs: fc.integer({ min: 0, max: 4e12 }),
        atApproximate: fc.boolean(),
        ending: fc.constantFrom<BatchEnding[]>('NEWLINE', 'CONTINUED', 'END_OF_STREAM'),
        broken: fc.boolean(),
      }),
      { minLength: 1, maxLength: 4 },
    )
    .map((parts) => {
      let seq = firstSeq;
      return parts.map(({ texts, broken, ...rest }) => {
        const last = texts.at(-1);
        // A last line without its newline is at least one byte.
        const lines = rest.ending !== 'NEWLINE' && last === '' ? [...texts.slice(0, -1), 'x'] : texts;
        const bytes = Buffer.from(lines.join('\n') + (rest.ending === 'NEWLINE' ? '\n' : ''));
        const letter = bytes.findIndex((byte) => byte > 0x1f);
        if (broken && letter >= 0) bytes[letter] = 0xff;
        const batch = new LogBatch({ ...rest, firstSeq: seq, lineCount: lines.length, offset: 0, bytes });
        seq += lines.length;
        return batch;
      });
    });

const PAYLOAD = fc
  .record({ jobId: fc.integer({ min: 1, max: 1e9 }), firstSeq: fc.integer({ min: 1, max: 2 ** 50 }) })
  .chain(({ jobId, firstSeq }) =>
    batches(firstSeq).map((made): JobLogPayloadOf<'LogLines'> => ({
      kind: 'LogLines',
      jobId,
      batches: made,
      lastSeq: made.at(-1)?.lastSeq ?? firstSeq,
    })),
  );

const DIRECTIVE = fc.constantFrom(
  ...['', '', '', ' @include(if: true)', ' @include(if: false)', ' @skip(if: true)', ' @skip(if: $yes)'],
  ...[
    ' @include(if: $yes)',
    ' @include(if: $no)',
    ' @skip(if: $no)',
    ' @skip(if: $byDefault) @include(if: $yes)',
  ],
);
const LINE_FIELD = fc.constantFrom('__typename', 'seq', 'stream', 'text', 'at', 'atApproximate', 'continued');

/** One field, under its name or an alias that no other field has. */
const field = (names: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .record({ name: names, alias: fc.constantFrom('', 'a', 'b'), directive: DIRECTIVE })
    .map(
      ({ name, alias, directive }) =>
        `${alias === '' ? '' : `${alias}_${name.replaceAll('_', '')}: `}${name}${directive}`,
    );

/** A selection set, with fragments around parts of it. */
function selection(fields: fc.Arbitrary<string>, conditions: readonly string[]): fc.Arbitrary<string> {
  const { set } = fc.letrec<{ set: string; part: string }>((tie) => ({
    set: fc.array(tie('part'), { minLength: 1, maxLength: 4 }).map((parts) => `{ ${parts.join(' ')} }`),
    part: fc.oneof(
      { maxDepth: 3 },
      fields,
      fc
        .record({
          on: fc.constantFrom('', ...conditions.map((type) => ` on ${type}`)),
          directive: DIRECTIVE,
          set: tie('set'),
        })
        .map(({ on, directive, set: inside }) => `...${on}${directive} ${inside}`),
    ),
  }));
  return set;
}

const LINES = fc
  .record({
    alias: fc.constantFrom('', 'first: ', 'second: '),
    set: fc.oneof(
      selection(field(LINE_FIELD), ['LogLine']),
      fc.constantFrom('{ ...Line }', '{ seq ...Line ...Line }'),
    ),
    directive: DIRECTIVE,
  })
  .map(({ alias, set, directive }) => `${alias}lines${directive} ${set}`);

const DOCUMENT = fc
  .record({
    root: fc.constantFrom('', 'log: ', 'jobId: '),
    event: selection(fc.oneof(field(fc.constantFrom('__typename', 'jobId', 'lastSeq')), LINES), ['LogLines']),
    line: selection(field(LINE_FIELD), ['LogLine']),
    shared: selection(fc.oneof(field(fc.constantFrom('jobId', 'lastSeq')), LINES), ['LogLines']),
    before: fc.constantFrom(
      '',
      '__typename',
      '... on LogDone { lastSeq }',
      '... on JobLogEvent { __typename }',
    ),
    after: fc.constantFrom(
      '',
      '...Shared',
      '...Shared @include(if: $no)',
      '... on LogGap { toSeq } ...Shared',
    ),
  })
  .map(
    ({ root, event, line, shared, before, after }) => `
      subscription($yes: Boolean!, $no: Boolean!, $byDefault: Boolean = false) {
        ${root}jobLogs(jobId: "1") { ${before} ... on LogLines ${event} ${after} }
      }
      fragment Line on LogLine ${line}
      fragment Shared on LogLines ${shared}`,
  );

function compiled(document: string): LogLinesTemplate | undefined {
  return LogLinesTemplate.compile(
    { schema, document: parse(document), variableValues: { yes: true, no: false } },
    new KeptTemplates(),
  );
}

const rendered = (template: LogLinesTemplate, payload: JobLogPayloadOf<'LogLines'>): string =>
  Buffer.concat(template.render(payload).json).toString();

describe('the lines of jobLogs', () => {
  it('are byte for byte what GraphQL itself gives, whatever is selected and whoever asks', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(DOCUMENT, PAYLOAD, fc.constantFrom(...SCOPES), async (text, payload, scope) => {
        const document = parse(text);
        const template = compiled(text);
        const executed = await execute({
          schema,
          document,
          rootValue: payload,
          contextValue: { scope },
          variableValues: { yes: true, no: false },
        });
        expect(template).toBeDefined();
        if (template === undefined) return;
        expect(rendered(template, payload)).toBe(JSON.stringify(executed));
        compared += 1;
      }),
      { numRuns: 500 },
    );
    expect(compared).toBeGreaterThanOrEqual(500);
  });

  it('are compared by documents that are valid', () => {
    const isValid = (text: string): boolean =>
      validate(schema, parse(text)).every(({ message }) => message.includes(' is never used'));
    const documents = fc.sample(DOCUMENT, 200);
    expect(documents.filter(isValid).length).toBeGreaterThan(150);
  });

  it('are left to GraphQL where something else is subscribed to', () => {
    for (const document of ['subscription { jobChanged(jobId: 1) { id } }', '{ viewer { name } }'])
      expect(compiled(document)).toBeUndefined();
  });

  it('are one event for all who stand at the same place, and another one for everybody else', () => {
    const text = 'subscription { jobLogs(jobId: 1) { ... on LogLines { lastSeq lines { seq text } } } }';
    const place = fc.record({ from: fc.nat(3), length: fc.integer({ min: 1, max: 4 }), beyond: fc.nat(2) });
    fc.assert(
      fc.property(batches(1), fc.array(place, { minLength: 1, maxLength: 20 }), (made, places) => {
        const shared = compiled(text)!;
        for (const { from, length, beyond } of places) {
          const read = made.slice(from, from + length);
          const lastSeq = (read.at(-1)?.lastSeq ?? 0) + beyond;
          const payload = { kind: 'LogLines', jobId: 1, batches: read, lastSeq } as const;
          expect(rendered(shared, payload)).toBe(rendered(compiled(text)!, payload));
          if (read.length > 0)
            expect(shared.render({ ...payload, batches: [...read] })).toBe(shared.render(payload));
        }
      }),
    );
  });

  it('are made once for all who select the same, however they write it', () => {
    const templates = new KeptTemplates();
    const of = (text: string): LogLinesTemplate | undefined =>
      LogLinesTemplate.compile({ schema, document: parse(text), variableValues: {} }, templates);
    const [batch] = fc.sample(batches(1), 1)[0] ?? [];
    if (batch === undefined) throw new Error('no batch');
    const payload = { kind: 'LogLines', jobId: 1, batches: [batch], lastSeq: batch.lastSeq } as const;
    const one = of('subscription { jobLogs(jobId: 1) { ... on LogLines { lines { seq text } } } }');
    const other = of(
      'subscription A { x: jobLogs(jobId: 1) { ...F lastSeqOfMine: __typename } } fragment F on LogLines { lastSeq lines { ... { seq } text } }',
    );
    const [, first] = one?.render(payload).json ?? [];
    const [, second] = other?.render(payload).json ?? [];
    expect(first).toBeInstanceOf(Buffer);
    expect(second).toBe(first);
  });
});

describe('escaping the texts of a batch', () => {
  it('gives what JSON.stringify gives of each line', () => {
    fc.assert(
      fc.property(batches(1), (made) => {
        for (const batch of made)
          expect(escapedTexts(batch).map((text) => `"${text}"`)).toEqual(
            batch.lines().map(({ text }) => JSON.stringify(text)),
          );
      }),
      { numRuns: 500 },
    );
  });
});
