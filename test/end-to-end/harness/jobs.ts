import { fileURLToPath } from 'node:url';
import type { GraphqlAnswer, LifelineServer } from './lifeline-server.ts';
import type { SseStream } from './sse-stream.ts';
import { untilTrue } from './until-true.ts';

/** A job as the tests look at it. */
export interface JobView {
  readonly id: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string | null;
  readonly command: readonly string[];
  readonly pid: number | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly signalInferred: boolean;
  readonly queuedAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
  readonly transitions: readonly { readonly from: string | null; readonly to: string; readonly at: string }[];
  readonly cancellation: {
    readonly reason: string;
    readonly requestedBy: string | null;
    readonly gracePeriodMs: number;
    readonly killedAt: string | null;
    readonly finishedAt: string | null;
    readonly containment: string;
    readonly processes: readonly {
      readonly pid: number;
      readonly signals: readonly string[];
      readonly goneAt: string | null;
    }[];
  } | null;
}

export interface LineView {
  readonly seq: number;
  readonly stream: 'STDOUT' | 'STDERR';
  readonly text: string;
  readonly at: string;
  readonly atApproximate: boolean;
  readonly continued: boolean;
}

export type LogEventView =
  | {
      readonly __typename: 'LogLines';
      readonly jobId: string;
      readonly lines: readonly LineView[];
      readonly lastSeq: number;
    }
  | {
      readonly __typename: 'LogGap';
      readonly fromSeq: number;
      readonly toSeq: number;
      readonly reason: string;
    }
  | { readonly __typename: 'LogHeartbeat'; readonly lastSeq: number }
  | {
      readonly __typename: 'LogDone';
      readonly job: JobView;
      readonly lastSeq: number;
      readonly endedWithoutNewline: readonly string[];
    };

const JOB = `
  id status reason message command pid exitCode signal signalInferred queuedAt startedAt finishedAt durationMs
  transitions { from to at }
  cancellation { reason requestedBy gracePeriodMs killedAt finishedAt containment processes { pid signals goneAt } }`;

export const JOB_LOGS = `
  subscription ($jobId: ID!, $after: SafeInt, $tail: Int, $streams: [LogStream!], $heartbeatMs: Int) {
    jobLogs(jobId: $jobId, after: $after, tail: $tail, streams: $streams, heartbeatMs: $heartbeatMs) {
      __typename
      ... on LogLines { jobId lines { seq stream text at atApproximate continued } lastSeq }
      ... on LogGap { fromSeq toSeq reason }
      ... on LogHeartbeat { lastSeq }
      ... on LogDone { job { ${JOB} } lastSeq endedWithoutNewline }
    }
  }`;

/** Absolute path of a test program. */
export function programPath(name: string): string {
  return fileURLToPath(new URL(`../../programs/${name}`, import.meta.url));
}

/** The argv of a test program that runs in this Node. */
export function nodeProgram(name: string, ...args: readonly (string | number)[]): string[] {
  return [process.execPath, programPath(name), ...args.map(String)];
}

export async function tryStartJob(
  server: LifelineServer,
  input: Readonly<Record<string, unknown>>,
): Promise<GraphqlAnswer<{ startJob: JobView }>> {
  return server.graphql(`mutation ($input: StartJobInput!) { startJob(input: $input) { ${JOB} } }`, {
    input,
  });
}

/** @returns the id of the new job. @throws Error with the errors of the answer */
export async function startJob(
  server: LifelineServer,
  input: Readonly<Record<string, unknown>>,
): Promise<string> {
  const { data, errors } = await tryStartJob(server, input);
  if (data == null) throw new Error(JSON.stringify(errors));
  return data.startJob.id;
}

export async function startScript(server: LifelineServer, script: string): Promise<string> {
  return startJob(server, { script });
}

export async function cancelJob(
  server: LifelineServer,
  jobId: string,
  gracePeriodMs?: number,
): Promise<JobView> {
  const { cancelJob: job } = await server.ask<{ cancelJob: JobView }>(
    `mutation ($jobId: ID!, $gracePeriodMs: Int) { cancelJob(jobId: $jobId, gracePeriodMs: $gracePeriodMs) { ${JOB} } }`,
    { jobId, gracePeriodMs },
  );
  return job;
}

export async function findJob(server: LifelineServer, jobId: string): Promise<JobView> {
  const { job } = await server.ask<{ job: JobView | null }>(`query ($id: ID!) { job(id: $id) { ${JOB} } }`, {
    id: jobId,
  });
  if (job === null) throw new Error(`there is no job ${jobId}`);
  return job;
}

export function isOver(job: JobView): boolean {
  return ['SUCCEEDED', 'FAILED', 'CANCELLED', 'TIMED_OUT', 'LOST'].includes(job.status);
}

export async function untilOver(server: LifelineServer, jobId: string): Promise<JobView> {
  return untilTrue(
    async () => {
      const job = await findJob(server, jobId);
      return isOver(job) ? job : false;
    },
    { what: `the end of job ${jobId}` },
  );
}

export async function untilStatus(server: LifelineServer, jobId: string, status: string): Promise<JobView> {
  return untilTrue(
    async () => {
      const job = await findJob(server, jobId);
      return job.status === status ? job : false;
    },
    { what: `status ${status} of job ${jobId}` },
  );
}

export async function followJob(
  server: LifelineServer,
  jobId: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<SseStream> {
  return server.subscribe(JOB_LOGS, { jobId, ...variables });
}

/** What a GraphQL subscription to a log has said so far. @throws Error if an answer has errors */
export function logEvents(stream: SseStream): LogEventView[] {
  return stream.events.flatMap(({ event, data }) => {
    if (event !== 'next') return [];
    const answer = JSON.parse(data) as { data?: { jobLogs: LogEventView }; errors?: unknown };
    if (answer.data == null || answer.errors !== undefined) throw new Error(`an error came: ${data}`);
    return [answer.data.jobLogs];
  });
}

/** Highest seq that the stream has passed so far, without reading it all again. */
export function lastSeqOf(stream: SseStream): number {
  return Number(/"lastSeq":(\d+)/.exec(stream.events.at(-1)?.data.slice(-200) ?? '')?.[1] ?? 0);
}

export function linesOf(events: readonly LogEventView[]): LineView[] {
  return events.flatMap((event) => (event.__typename === 'LogLines' ? event.lines : []));
}

export function doneOf(events: readonly LogEventView[]): Extract<LogEventView, { __typename: 'LogDone' }> {
  const ends = events.flatMap((event) => (event.__typename === 'LogDone' ? [event] : []));
  if (ends.length !== 1 || events.at(-1) !== ends[0])
    throw new Error(`${String(ends.length)} ends, or not at the end`);
  return ends[0]!;
}

/** Reads a log through the GraphQL subscription from its beginning to its end. */
export async function readWholeLog(
  server: LifelineServer,
  jobId: string,
): Promise<{ lines: LineView[]; job: JobView; endedWithoutNewline: readonly string[] }> {
  using stream = await followJob(server, jobId);
  await stream.untilEnded();
  const events = logEvents(stream);
  const { job, endedWithoutNewline } = doneOf(events);
  return { lines: linesOf(events), job, endedWithoutNewline };
}

/** The bytes of one stream, as the program wrote them. */
export async function downloadLog(
  server: LifelineServer,
  jobId: string,
  stream: 'stdout' | 'stderr',
): Promise<Buffer> {
  const { status, body, text } = await server.call({ path: `/jobs/${jobId}/log?stream=${stream}` });
  if (status !== 200) throw new Error(`${String(status)}: ${text}`);
  return body;
}
