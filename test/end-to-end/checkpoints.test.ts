import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CHECKPOINTS_OF_A_RUN, type Checkpoint } from '../../src/domain/checkpoint.ts';
import { findJob, nodeProgram, readWholeLog, startJob, untilOver } from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { sequenceOf } from './harness/sequence-of.ts';
import { ServerControl } from './harness/server-control.ts';
import { untilTrue } from './harness/until-true.ts';

const LINES = 2_000;

let control: ServerControl;
let server: LifelineServer;

beforeEach(async () => {
  control = new ServerControl();
  server = await LifelineServer.start(control.options);
});

afterEach(async () => {
  try {
    await server.assertNothingIsLeft();
  } finally {
    await server[Symbol.asyncDispose]();
    control[Symbol.dispose]();
  }
});

/** Before these, the gate was shut: the program must not have run, and must not run later. */
const GATE_SHUT: readonly Checkpoint[] = ['SHIM_SPAWNED', 'IDENTITY_STORED'];

describe('a server that is killed', () => {
  it.each(CHECKPOINTS_OF_A_RUN)(
    'at %s ends the job as it really ended, with every line once',
    async (checkpoint) => {
      const ran = server.scratch.file('pids');
      control.killAt(checkpoint);
      await control.report(server);
      const requestId = `killed at ${checkpoint}`;
      const input = {
        command: nodeProgram('count.mjs', LINES, LINES, '--exit', 3, '--pids', ran),
        requestId,
      };
      await startJob(server, input).catch(() => undefined); // The answer may be lost with the server.
      await untilTrue(() => !server.running, { what: 'the death of the server' });
      await server.launch();

      const jobId = await startJob(server, input); // The same job, or the first where nothing had been stored.
      const job = await untilOver(server, jobId);

      expect(control.kills).toEqual([checkpoint]);
      if (GATE_SHUT.includes(checkpoint)) {
        expect(job).toMatchObject({ status: 'FAILED', reason: 'LAUNCH_FAILED' });
        expect(existsSync(ran)).toBe(false);
        return;
      }
      expect(job).toMatchObject({ status: 'FAILED', reason: 'EXITED', exitCode: 3 });
      const { lines } = await readWholeLog(server, jobId);
      expect(sequenceOf(lines)).toBe(`1..${LINES + 1} once`);
      expect(lines.filter(({ stream }) => stream === 'STDOUT').map(({ text }) => text)).toEqual(
        Array.from({ length: LINES }, (_, index) => String(index + 1)),
      );
    },
  );

  it.each(['JOB_BURIED', 'DATABASE_COMMITTED', 'JOB_ROW_REMOVED'] as const)(
    'at %s while it removes a job leaves nothing of that job, and all of the others',
    async (checkpoint) => {
      const script = 'echo one; echo two';
      const [removed, other] = [await startJob(server, { script }), await startJob(server, { script })];
      for (const jobId of [removed, other]) await untilOver(server, jobId);
      control.killAt(checkpoint);
      await control.report(server);
      const remove = 'mutation ($id: ID!) { deleteJob(jobId: $id) }';
      await server.graphql(remove, { id: removed }).catch(() => undefined);
      await untilTrue(() => !server.running, { what: 'the death of the server' });
      await server.launch();
      expect(control.kills).toEqual([checkpoint]);
      const { job } = await server.ask<{ job: unknown }>('query ($id: ID!) { job(id: $id) { id } }', {
        id: removed,
      });
      expect(job).toBeNull();
      const directories = readdirSync(join(server.dataDirectory, 'jobs'));
      expect(directories.filter((name) => [removed, `deleted-${removed}`].includes(name))).toEqual([]);
      expect((await readWholeLog(server, other)).lines.map(({ text }) => text)).toEqual(['one', 'two']);
    },
  );

  it('between two jobs of its start, at every passage, comes to the same end', async () => {
    const gate = server.scratch.file('gate');
    const jobIds = await Promise.all(
      [1, 2, 3].map((exit) =>
        startJob(server, {
          command: nodeProgram('count.mjs', LINES, LINES, '--gate', `${LINES}=${gate}`, '--exit', exit),
        }),
      ),
    );
    await untilTrue(async () => {
      const jobs = await Promise.all(jobIds.map((jobId) => findJob(server, jobId)));
      return jobs.every(({ status }) => status === 'RUNNING');
    });
    await server.end('SIGKILL');
    for (const passage of [1, 2, 3]) {
      control.killAt('JOB_RECONCILED', passage);
      await expect(server.launch()).rejects.toThrow('ended before it was ready');
    }
    await server.launch();
    writeFileSync(gate, '');
    for (const [index, jobId] of jobIds.entries()) {
      expect(await untilOver(server, jobId)).toMatchObject({ reason: 'EXITED', exitCode: index + 1 });
      expect(sequenceOf((await readWholeLog(server, jobId)).lines)).toBe(`1..${LINES + 1} once`);
    }
    expect(control.kills).toEqual(['JOB_RECONCILED', 'JOB_RECONCILED', 'JOB_RECONCILED']);
  });
});
