import { statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FIRST_SEQS, readSeqMark } from '../../src/storage/seq-mark.ts';
import { JobDirectory } from '../../src/storage/job-directory.ts';
import { changeDatabase, changeIdentity, identityOf, jobFile, reconciled } from './harness/between-lives.ts';
import {
  doneOf,
  followJob,
  lastSeqOf,
  logEvents,
  startJob,
  untilOver,
  type LogEventView,
} from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { signal } from './harness/processes.ts';
import { untilTrue } from './harness/until-true.ts';

/** Numbers on both streams: as many as need a second block of seqs, then ever more. */
const COUNTS = `i=0
  while :; do
    i=$((i + 1))
    if [ $((i % 3)) = 0 ]; then echo "e$i" >&2; else echo "o$i"; fi
    [ $i -lt ${String(3 * FIRST_SEQS)} ] || sleep 0.05
  done`;

let server: LifelineServer;
afterEach(async () => {
  await using _ = server;
  await server.assertNothingIsLeft();
});

interface Told {
  readonly texts: ReadonlyMap<number, string>;
  readonly gaps: readonly (readonly [number, number])[];
  readonly lastSeq: number;
}

/** What a reader was told, every seq accounted for, in order. @throws where one is missing or comes twice */
function told(events: readonly LogEventView[], after: number): Told {
  const texts = new Map<number, string>();
  const gaps: [number, number][] = [];
  let lastSeq = after;
  for (const event of events) {
    if (event.__typename === 'LogGap') {
      expect([event.fromSeq, event.reason]).toEqual([lastSeq + 1, 'DAMAGED']);
      gaps.push([event.fromSeq, event.toSeq]);
      lastSeq = event.toSeq;
    }
    if (event.__typename !== 'LogLines') continue;
    for (const { seq, stream, text } of event.lines) {
      expect(seq).toBe(++lastSeq);
      texts.set(seq, `${stream} ${text}`);
    }
  }
  return { texts, gaps, lastSeq };
}

/** As after a loss of the machine: nothing of the job lives, and what is on file ran in another boot. */
function loseMachine(jobId: string): void {
  const { shim, program } = identityOf(server, jobId);
  // The shim and its sinks first: nobody is left to record an end.
  for (const pid of [shim.pid, program.pid]) signal(-pid, 'SIGKILL');
  changeDatabase(server, `UPDATE ActiveJob SET bootId = 'b0' WHERE jobId = ${jobId}`);
  changeIdentity(server, jobId, (identity) => Object.assign(identity.host, { bootId: 'b0' }));
}

describe('after a loss of the machine', () => {
  it('no number has two meanings, the numbers that may have been given are a gap, and readers have an end', async () => {
    const losses: Readonly<Record<string, Partial<Record<'stdout' | 'stderr' | 'index', number>>>> = {
      nothing: {},
      'the end of the index, in the middle of a record': { index: 0.57 },
      'all of the index': { index: 0 },
      'the end of one stream, so that the index is longer': { stdout: 0.41 },
      'the end of each': { stdout: 0.93, stderr: 0.71, index: 0.8 },
      'all that there was': { stdout: 0, stderr: 0, index: 0 },
    };
    server = await LifelineServer.start();
    const jobs = await Promise.all(
      Object.entries(losses).map(async ([what, cuts]) => {
        const jobId = await startJob(server, { script: COUNTS });
        return { what, cuts, jobId, reader: await followJob(server, jobId) };
      }),
    );
    for (const { reader, what } of jobs)
      await untilTrue(() => lastSeqOf(reader) > 3 * FIRST_SEQS + 5, { what: `lines before: ${what}` });
    await server.end('SIGKILL');
    for (const { jobId } of jobs) loseMachine(jobId);
    const before = jobs.map(({ jobId, cuts, reader, what }) => {
      const mark = readSeqMark(new JobDirectory(join(server.dataDirectory, 'jobs'), Number(jobId)));
      const seen = told(logEvents(reader), 0);
      reader[Symbol.dispose]();
      expect(mark.reservedSeq, what).toBeGreaterThanOrEqual(seen.lastSeq);
      for (const [name, part] of Object.entries(cuts)) {
        const path = jobFile(server, jobId, name);
        truncateSync(path, Math.floor(statSync(path).size * part) | 1);
      }
      return { jobId, cuts, what, seen, mark };
    });
    await server.launch();

    for (const { jobId, cuts, what, seen, mark } of before) {
      expect((await reconciled(server, jobId)).verdict).toBe('LOST');
      expect(await untilOver(server, jobId)).toMatchObject({ status: 'LOST', reason: 'HOST_REBOOTED' });
      using whole = await followJob(server, jobId);
      using resumed = await followJob(server, jobId, { after: seen.lastSeq });
      await Promise.all([whole.untilEnded(), resumed.untilEnded()]);
      const all = told(logEvents(whole), 0);
      const rest = told(logEvents(resumed), seen.lastSeq);
      for (const [seq, text] of seen.texts) {
        const isMissing = all.gaps.some(([from, to]) => from <= seq && seq <= to);
        if (!isMissing) expect(all.texts.get(seq), `${what}: line ${String(seq)}`).toBe(text);
      }
      expect(all.gaps, what).toHaveLength(1);
      expect(all.gaps[0]![1], what).toBe(mark.reservedSeq);
      expect(rest.gaps[0]?.[1], what).toBe(mark.reservedSeq);
      for (const event of [doneOf(logEvents(whole)), doneOf(logEvents(resumed))])
        expect(event.lastSeq, what).toBe(all.lastSeq);
      expect(rest.lastSeq).toBe(all.lastSeq);
      const again = [...all.texts.keys()].filter((seq) => seq > mark.reservedSeq).length;
      if (cuts.index !== undefined && cuts.stdout === undefined) expect(again, what).toBeGreaterThan(0);
      if (Object.keys(cuts).length === 0)
        expect(all.texts.size - again, what).toBeGreaterThanOrEqual(seen.texts.size);
    }
    const next = await startJob(server, { script: 'exit 0' });
    expect(Number(next)).toBe(Math.max(...jobs.map(({ jobId }) => Number(jobId))) + 1);
    expect(await untilOver(server, next)).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('that was shut down in order, there is no gap', async () => {
    server = await LifelineServer.start();
    const jobId = await startJob(server, { script: 'echo one; echo two; exec sleep 1000' });
    {
      using reader = await followJob(server, jobId);
      await untilTrue(() => lastSeqOf(reader) === 2, { what: 'both lines' });
    }
    await server.end('SIGTERM');
    loseMachine(jobId);
    await server.launch();
    expect(await untilOver(server, jobId)).toMatchObject({ status: 'LOST', reason: 'HOST_REBOOTED' });
    using reader = await followJob(server, jobId);
    await reader.untilEnded();
    const { texts, gaps } = told(logEvents(reader), 0);
    expect([[...texts.values()], gaps]).toEqual([['STDOUT one', 'STDOUT two'], []]);
    expect(doneOf(logEvents(reader)).lastSeq).toBe(2);
  });
});
