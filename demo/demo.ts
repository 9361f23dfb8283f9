/**
 * Lifeline in twenty seconds, over its public API alone: a real process, its lines as they come, the same lines again
 * from a cursor, and a server that is killed in the middle of a job without the reader losing a line.
 * Exits 0 if everything that it claims was true; on a terminal only once its server has been looked at.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createLifelineClient, type FollowState, type JobLogEvent } from '../src/client/client.ts';
import { Narrator } from './narrator.ts';
import { ServerProcess } from './server-process.ts';

type LogLine = Extract<JobLogEvent, { __typename: 'LogLines' }>['lines'][number];
type LogDone = Extract<JobLogEvent, { __typename: 'LogDone' }>;

const LIMIT_MS = 60_000;
const CURSOR = 5;
const BAKERY = `
  for loaf in 1 2 3 4 5 6; do
    echo "loaf $loaf is in the oven"
    if [ $((loaf % 3)) -eq 0 ]; then echo "mind the door, it is hot" >&2; fi
    sleep 0.4
  done
  echo "all loaves baked"`;
const COUNT_TO = 60;
const KILL_AT = 15;
const AWAY_MS = 1_000;
const COUNTER = `i=0; while [ $i -lt ${COUNT_TO} ]; do i=$((i + 1)); echo "line $i"; sleep 0.1; done`;

const narrator = new Narrator(process.stdout, process.env);
const interruption = new AbortController();
const { signal } = interruption;
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interruption.abort());
const limit = setTimeout(() => interruption.abort(), LIMIT_MS);

const scratch = mkdtempSync(join(tmpdir(), 'lifeline-demo-'));
try {
  await using server = await ServerProcess.start(join(scratch, 'data'));
  await watchAJob(server);
  await killTheServer(server);
  narrator.chapter(narrator.failures === 0 ? 'Never lost a line.' : 'Something above is not true.');
  clearTimeout(limit);
  if (process.stdout.isTTY && !signal.aborted) await showTheServer(server);
} finally {
  clearTimeout(limit);
  rmSync(scratch, { recursive: true, force: true });
}
process.exitCode = narrator.failures === 0 ? 0 : 1;

async function watchAJob(server: ServerProcess): Promise<void> {
  const client = createLifelineClient(server);
  narrator.chapter('1. A real process, line by line');
  const job = await client.startJob({ script: BAKERY, labels: ['demo'] });
  narrator.note(`job ${job.id} was started over GraphQL; its lines come as server-sent events`);
  const live = await read(client.followJobLogs(job.id, { signal }), (line) => narrator.line(line));
  narrator.note(outcomeOf(live));
  narrator.check(live.done?.job.exitCode === 0, 'it ended by itself with exit code 0');
  narrator.check(new Set(live.lines.map(({ stream }) => stream)).size === 2, 'both of its streams were seen');

  narrator.chapter(`2. The same log again, from a cursor (after: ${CURSOR})`);
  const events = client.followJobLogs(job.id, { after: CURSOR, signal });
  const replay = await read(events, (line) => narrator.line(line));
  narrator.check(
    replay.done !== undefined &&
      JSON.stringify(replay.lines) === JSON.stringify(live.lines.filter(({ seq }) => seq > CURSOR)),
    'line for line what came live',
  );
}

async function killTheServer(server: ServerProcess): Promise<void> {
  const client = createLifelineClient(server);
  narrator.chapter('3. The server is killed in the middle of a job');
  const job = await client.startJob({ script: COUNTER, labels: ['demo'] });
  let isConnected = false;
  const onStateChange = ({ state }: FollowState) => {
    if (isConnected && state === 'WAITING')
      narrator.note('the reader lost its connection and goes on trying');
    isConnected = state === 'CONNECTED' || (isConnected && state === 'CONNECTING');
  };

  let restart: Promise<void> | undefined;
  const reading = await read(client.followJobLogs(job.id, { signal, onStateChange }), (line) => {
    narrator.line(line);
    if (line.seq === KILL_AT) restart = killAndRestart(server);
  });
  await restart;

  const unwatched = reading.lines.filter(({ atApproximate }) => atApproximate).length;
  narrator.note(`${outcomeOf(reading)}; ${unwatched} lines were written while there was no server`);
  narrator.check(restart !== undefined && unwatched > 0, 'the job went on without its server');
  narrator.check(
    reading.lines.length === COUNT_TO &&
      reading.lines.every(({ seq, text }, index) => seq === index + 1 && text === `line ${index + 1}`) &&
      reading.done?.job.exitCode === 0,
    `seq 1..${COUNT_TO}, no gap, no duplicate, exit code 0`,
  );
}

async function killAndRestart(server: ServerProcess): Promise<void> {
  await server.kill();
  narrator.note('SIGKILL: the server is gone');
  await pause(AWAY_MS);
  await server.startAgain();
  narrator.note('the server is back on the same port and has taken the job over');
}

/** Gives a URL to click, and keeps the server until Ctrl-C. */
async function showTheServer({ url, token }: ServerProcess): Promise<void> {
  const response = await fetch(new URL('/login/ticket', url), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{}',
  });
  const ticket = (await response.json()) as { readonly url: string };
  narrator.note('the server in a browser, once and within five minutes; Ctrl-C ends the demo:');
  console.log(`  ${ticket.url}`);
  await once(signal, 'abort');
}

interface Reading {
  readonly lines: readonly LogLine[];
  readonly done: LogDone | undefined;
}

async function read(events: AsyncIterable<JobLogEvent>, onLine: (line: LogLine) => void): Promise<Reading> {
  const lines: LogLine[] = [];
  for await (const event of events) {
    if (event.__typename === 'LogDone') return { lines, done: event };
    if (event.__typename === 'LogGap') continue;
    for (const line of event.lines) {
      lines.push(line);
      onLine(line);
    }
  }
  return { lines, done: undefined };
}

function outcomeOf({ done }: Reading): string {
  if (done === undefined) return 'the log has not ended';
  return `job ${done.job.id} ${done.job.status}, exit code ${String(done.job.exitCode)}`;
}
