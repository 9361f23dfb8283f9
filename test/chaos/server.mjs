// The server as it is built, with what only a test supplies: a port that kills it, a clock that jumps, a look at what it
// holds. CHAOS_CONTROL names a directory; test/end-to-end/harness/server-control.ts is its other end:
// `kill` ("CHECKPOINT N"): die by SIGKILL at the N-th passage from now; taken away before, so that the next life lives.
// `clock` (milliseconds): what the wall clock is wrong by. Both are read at the start and at SIGUSR2, which is answered
// by `report`: passages so far, what the event loop holds, and what memory does after a collection.
import { createHook } from 'node:async_hooks';
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Command } from 'commander';

const directory = process.env['CHAOS_CONTROL'];
if (directory === undefined) throw new Error('CHAOS_CONTROL names no directory');
const file = (name) => join(directory, name);
const passages = {};
let kill;
let clockErrorMs = 0;

const trueNow = Date.now.bind(Date);
Date.now = () => trueNow() + clockErrorMs;

function readControl() {
  clockErrorMs = existsSync(file('clock')) ? Number(readFileSync(file('clock'), 'utf8')) : 0;
  if (!existsSync(file('kill'))) return (kill = undefined);
  const [checkpoint, passage] = readFileSync(file('kill'), 'utf8').split(' ');
  kill = { checkpoint, passagesLeft: Number(passage) };
}

function pass(checkpoint) {
  passages[checkpoint] = (passages[checkpoint] ?? 0) + 1;
  if (kill?.checkpoint !== checkpoint) return;
  kill.passagesLeft -= 1;
  if (kill.passagesLeft > 0) return;
  rmSync(file('kill'));
  appendFileSync(file('kills'), `${checkpoint}\n`);
  process.kill(process.pid, 'SIGKILL');
}

// What the server itself has made and not released, also what does not keep the process alive, which Node's own list leaves
// out. Libraries and Node have timers of their own, such as a second of cached time.
const HELD = ['Timeout', 'FSEVENTWRAP', 'PROCESSWRAP', 'PIPEWRAP'];
// By the maps of the bundle: in it, the libraries are beside what is ours.
process.setSourceMapsEnabled(true);
const OURS = fileURLToPath(new URL('../../src/', import.meta.url));
const held = new Map();
createHook({
  init: (id, type) => HELD.includes(type) && held.set(id, { type, origin: new Error() }),
  destroy: (id) => held.delete(id),
}).enable();

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

function report() {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  const resources = {};
  for (const { type, origin } of held.values()) {
    const [, ...frames] = origin.stack.split('\n');
    const frame = frames.find((line) => !line.includes('(node:') && !line.includes(import.meta.url));
    if (frame?.includes(OURS)) resources[type] = (resources[type] ?? 0) + 1;
  }
  const heldBytes = heapUsed + external;
  writeFileSync(file('report.new'), JSON.stringify({ pid: process.pid, passages, resources, heldBytes }));
  renameSync(file('report.new'), file('report'));
}

readControl();
process.on('SIGUSR2', () => {
  readControl();
  report();
});

// After the clock: what the server imports may keep the function.
const { readConfig, withServeOptions } = await import('../../dist/server/config.js');
const { serve } = await import('../../dist/server/serve.js');
const program = new Command('lifeline');
withServeOptions(program.command('serve')).action(async (_options, command) => {
  await serve(readConfig(command, process.env), '0.0.0-chaos', { pass });
});
await program.parseAsync();
process.exit();
