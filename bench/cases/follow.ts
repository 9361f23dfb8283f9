import { eventText, plainLine, type BenchDocument, type PlainLine } from '../documents/document.ts';
import { DOCUMENTS } from '../documents/all-documents.ts';
import { Deliveries, runInTurns } from '../harness/deliveries.ts';
import type { BenchContext } from '../harness/context.ts';
import { LifelineSource } from '../harness/lifeline-source.ts';
import { figuresText } from '../harness/report.ts';
import type { Row } from '../harness/row.ts';
import { PeerProcess } from '../peers/peer-process.ts';
import type { BenchCase } from './case.ts';

/** The other documents only show what depends on the document. */
const FOLLOWERS_OF_OTHERS = [1, 100];
/** As many as the largest event of Lifeline has. */
const MAX_LINES_PER_EVENT = 1_000;

/** One job, as fast as it goes, beside the raw limit. */
export const FOLLOW: BenchCase = {
  letter: 'a',
  title: 'one job, as fast as it goes',
  maxSecondsPerRun: 150,
  async run(context, tell) {
    for (const document of context.documents) {
      await using lifeline = await LifelineSource.open(document, context);
      await using raw = await openRawLimit(document, context);
      const isFirst = document === context.documents[0];
      const chosen = context.followers.filter((number) => isFirst || FOLLOWERS_OF_OTHERS.includes(number));
      for (const followers of chosen) {
        const ours = new Deliveries(lifeline, followers, context);
        await ours.warmUp();
        const largest = await withLargestEvents(raw, followers, context);
        const limit = new Deliveries(raw, followers, context);
        raw.linesPerEvent = Math.round(ours.warmUpLinesPerEvent);
        await limit.warmUp();
        await runInTurns([ours, limit], context.runs);
        requireSameBytes(document, ours.sample);
        tell(rowOf({ document, followers, ours, limit, largest }));
      }
    }
  },
};

export async function openRawLimit(document: BenchDocument, context: BenchContext): Promise<PeerProcess> {
  const name = Object.keys(DOCUMENTS).find((each) => DOCUMENTS[each] === document) ?? '';
  return await PeerProcess.open(
    { name: 'raw limit', script: 'raw-limit.ts', document: name, linesPerEvent: MAX_LINES_PER_EVENT },
    context,
  );
}

export function followTarget(followers: number): Row['target'] {
  if (followers === 10) return undefined;
  return { of: 'share of raw', is: 'at least', value: followers === 1 ? 0.3 : 0.6 };
}

/** What the raw limit does with events as large as can be: how much larger batches would help. */
async function withLargestEvents(
  raw: PeerProcess,
  followers: number,
  context: BenchContext,
): Promise<Deliveries> {
  raw.linesPerEvent = MAX_LINES_PER_EVENT;
  const largest = new Deliveries(raw, followers, context);
  await largest.warmUp();
  await largest.run();
  return largest;
}

interface Measured {
  readonly document: BenchDocument;
  readonly followers: number;
  readonly ours: Deliveries;
  readonly limit: Deliveries;
  readonly largest: Deliveries;
}

function rowOf({ document, followers, ours, limit, largest }: Measured): Row {
  const target = followTarget(followers);
  const seen = [
    `${ours.linesPerEvent.toFixed(0)} lines/event, raw ${limit.linesPerEvent.toFixed(0)}`,
    `raw with ${MAX_LINES_PER_EVENT}: ${figuresText(largest.linesPerSecond)}`,
    `readers ${percent(ours.readerLoad)} busy, raw ${percent(limit.readerLoad)}`,
  ];
  return {
    case: 'a',
    what: `${followers.toLocaleString('en')} ${followers === 1 ? 'follower' : 'followers'}, ${document.name}`,
    measured: ours.linesPerSecond,
    raw: limit.linesPerSecond,
    ...(target !== undefined && { target }),
    cpuSecondsPerMillion: ours.cpuSecondsPerMillion,
    peakRssMiB: ours.peakRssMiB,
    remark: seen.join('; '),
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

/** The raw limit is one only if it sends the same. @throws Error if Lifeline's event has other bytes, but for its times */
function requireSameBytes(document: BenchDocument, sample: string): void {
  const withoutTimes = (text: string): string =>
    text.replace(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '""').replace(/"(jobId|of)":"\d+"/, '"$1":"1"');
  const lines = linesOf(document, sample);
  const expected = eventText(document, lines).trimEnd();
  if (withoutTimes(expected) === withoutTimes(sample)) return;
  throw new Error(`The raw limit is not one: ${expected.slice(0, 300)} is not ${sample.slice(0, 300)}`);
}

function linesOf({ shape }: BenchDocument, sample: string): PlainLine[] {
  if (shape.kind === 'text') return [];
  const seqs = [...sample.matchAll(new RegExp(`${shape.seqKey}(\\d+)`, 'g'))].map(([, seq]) => Number(seq));
  const texts = [...sample.matchAll(new RegExp(`${shape.textKey}([^"]*)"`, 'g'))].map(
    ([, text]) => text ?? '',
  );
  return seqs.map((seq, index) => plainLine(seq, texts[index] ?? '', 0));
}
