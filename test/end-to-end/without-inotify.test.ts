import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodeProgram, readWholeLog, startJob } from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { sequenceOf } from './harness/sequence-of.ts';
import { untilTrue } from './harness/until-true.ts';

/** A user namespace of its own, whose limit its root may set; none is left to watch with. */
const WITHOUT_INOTIFY = [
  'unshare',
  '-Ur',
  'sh',
  '-c',
  'echo 0 >/proc/sys/user/max_inotify_instances && exec "$@"',
  'sh',
];
const possible = spawnSync('unshare', [...WITHOUT_INOTIFY.slice(1), 'true']).status === 0;

let server: LifelineServer;
beforeEach(async () => {
  if (possible) server = await LifelineServer.start({ wrapper: WITHOUT_INOTIFY });
});
afterEach(async () => {
  if (!possible) return;
  try {
    await server.assertNothingIsLeft();
  } finally {
    await server[Symbol.asyncDispose]();
  }
});

it.skipIf(!possible)('a server that cannot watch directories follows its jobs all the same', async () => {
  const go = server.scratch.file('go');
  const jobId = await startJob(server, {
    command: nodeProgram('count.mjs', 5_000, 1_000, '--gate', `2000=${go}`, '--exit', 6),
  });
  await untilTrue(() => existsSync(`${go}.reached`));
  writeFileSync(go, '');
  const { lines, job } = await readWholeLog(server, jobId);
  expect(sequenceOf(lines)).toBe('1..5005 once');
  expect(job).toMatchObject({ status: 'FAILED', reason: 'EXITED', exitCode: 6 });
});
