/** Lifeline and its peers with the same job, in turns: `npm run bench:peers`. */
import { ALL_FIELDS } from '../documents/all-fields.ts';
import type { BenchContext } from '../harness/context.ts';
import { Deliveries } from '../harness/deliveries.ts';
import { LifelineSource } from '../harness/lifeline-source.ts';
import type { LineSource } from '../harness/line-source.ts';
import { optionsOf, USAGE } from '../harness/options.ts';
import type { FailedRow, Row } from '../harness/row.ts';
import { BenchSession } from '../harness/session.ts';
import { PEERS, RAW_LIMIT } from './all-peers.ts';
import { LIFELINE, peersText } from './peers-report.ts';
import { PeerProcess } from './peer-process.ts';

interface Contestant {
  readonly name: string;
  readonly source: LineSource;
  readonly followers: readonly number[];
  readonly minLines: number | undefined;
}

type Tell = (row: Row | FailedRow) => void;

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(`${USAGE}\n  --peer yoga,pm2   only these scripts`);
} else {
  const options = optionsOf(args);
  const command = ['npm run bench:peers', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
  using session = new BenchSession(command, options);
  await session.part({ case: '', what: 'peers' }, options.maxSeconds, async (context, tell) => {
    const contestants: Contestant[] = [];
    try {
      await openAll(context, options.peers, contestants, tell);
      for (const followers of context.followers) await compare(contestants, followers, context, tell);
    } finally {
      await Promise.all(contestants.map(({ source }) => source[Symbol.asyncDispose]()));
    }
  });
  await session.publish(peersText(session.report), 'peers');
}

/** One that cannot be had is a row that says so. */
async function openAll(
  context: BenchContext,
  chosen: readonly string[],
  opened: Contestant[],
  tell: Tell,
): Promise<void> {
  const lifeline = await LifelineSource.open(ALL_FIELDS, context);
  opened.push({ name: LIFELINE, source: lifeline, followers: context.followers, minLines: undefined });
  for (const peer of PEERS) {
    if (chosen.length > 0 && !chosen.includes(peer.script.replace('.ts', ''))) continue;
    try {
      console.error(`  opening ${peer.name}`);
      const source = await PeerProcess.open(peer, context);
      const name = `${peer.name} (${source.version})`;
      const { minLines } = peer;
      opened.push({
        name: peer === RAW_LIMIT ? peer.name : name,
        source,
        followers: peer.followers,
        minLines,
      });
    } catch (error) {
      context.signal.throwIfAborted();
      tell({ case: '', what: peer.name, failure: (error as Error).message });
    }
  }
}

/** All with the same number of followers. One that fails is a row that says so; the others go on. */
async function compare(
  contestants: readonly Contestant[],
  followers: number,
  context: BenchContext,
  tell: Tell,
): Promise<void> {
  const failures = new Map<string, string>();
  const attempt = async (name: string, act: () => Promise<void>): Promise<void> => {
    if (failures.has(name)) return;
    try {
      await act();
    } catch (error) {
      context.signal.throwIfAborted();
      failures.set(name, (error as Error).message);
    }
  };
  const all = contestants
    .filter((contestant) => contestant.followers.includes(followers))
    .map(({ name, source, minLines }) => ({
      name,
      source,
      deliveries: new Deliveries(source, followers, context, minLines),
    }));
  for (const { name, source, deliveries } of all) {
    console.error(`  ${followers}: ${name}`);
    await attempt(name, async () => {
      await deliveries.warmUp();
      // The raw limit comes after Lifeline, and makes its events as large.
      if (source instanceof LifelineSource) sizeEvents(contestants, deliveries.warmUpLinesPerEvent);
    });
  }
  for (let run = 0; run < context.runs; run++) {
    for (const { name, deliveries } of all) await attempt(name, () => deliveries.run());
  }
  const raw = all.find(({ name }) => name === RAW_LIMIT.name)?.deliveries;
  for (const { name, deliveries } of all) {
    const failure = failures.get(name);
    if (failure !== undefined) tell({ case: String(followers), what: name, failure });
    else tell(rowOf(name, followers, deliveries, raw));
  }
}

function sizeEvents(contestants: readonly Contestant[], linesPerEvent: number): void {
  for (const { name, source } of contestants) {
    if (name === RAW_LIMIT.name && source instanceof PeerProcess) {
      source.linesPerEvent = Math.max(1, Math.round(linesPerEvent));
    }
  }
}

function rowOf(name: string, followers: number, deliveries: Deliveries, raw: Deliveries | undefined): Row {
  return {
    case: String(followers),
    what: name,
    measured: deliveries.linesPerSecond,
    ...(raw !== undefined && { raw: raw.linesPerSecond }),
    cpuSecondsPerMillion: deliveries.cpuSecondsPerMillion,
    peakRssMiB: deliveries.peakRssMiB,
    remark: `${deliveries.linesPerEvent.toFixed(0)} lines/event; readers ${(deliveries.readerLoad * 100).toFixed(0)} % busy`,
  };
}
