/** pm2 and its bus. It is installed by npm into the scratch directory, and is no dependency of this project. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gatedScript } from '../harness/gated-job.ts';
import { printCommand } from '../harness/lines-file.ts';
import { loadPm2, settled, type Pm2, type Pm2Place } from './pm2-api.ts';
import type { Pm2Order } from './pm2-reader.ts';
import { onCommands, peerSetup, sayToBench } from './peer-messages.ts';

const PACKAGE = 'pm2@7.0.4';
const INSTALL_MS = 100_000;

const { scratch, linesPath } = peerSetup();
const place: Pm2Place = { installedIn: join(scratch, 'installed'), home: join(scratch, 'home') };
let gate = '';
let jobName = '';
let jobNumber = 0;

try {
  install();
  const pm2 = loadPm2(place);
  await settled((done) => pm2.connect(false, done));
  sayToBench({ kind: 'ready', version: PACKAGE.replace('@', ' ') });
  let isReleased = false;
  onCommands(
    async (command) => {
      if (command.kind === 'prepare') await prepare(pm2, command.lines);
      else writeFileSync(gate, '');
    },
    async () => {
      if (isReleased) return;
      isReleased = true;
      await settled((done) => pm2.killDaemon(done));
    },
  );
} catch (error) {
  sayToBench({ kind: 'unavailable', reason: (error as Error).message });
}

/** @throws Error that says why it cannot be had */
function install(): void {
  mkdirSync(place.installedIn);
  writeFileSync(join(place.installedIn, 'package.json'), '{ "private": true }');
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', PACKAGE];
  try {
    execFileSync('npm', args, { cwd: place.installedIn, timeout: INSTALL_MS, stdio: 'ignore' });
  } catch (error) {
    throw new Error(`npm cannot install ${PACKAGE}.`, { cause: error });
  }
}

async function prepare(pm2: Pm2, lines: number): Promise<void> {
  const former = jobName;
  if (former !== '') await settled((done) => pm2.delete(former, done));
  jobName = `job-${++jobNumber}`;
  gate = join(scratch, `gate-${jobNumber}`);
  const started = {
    name: jobName,
    script: '/bin/sh',
    args: ['-c', gatedScript(gate, printCommand(linesPath, lines))],
    interpreter: 'none',
    autorestart: false,
    out_file: join(scratch, `out-${jobNumber}`),
    error_file: join(scratch, `err-${jobNumber}`),
  } as const;
  await settled((done) => pm2.start(started, done));
  const order: Pm2Order = { place, jobName };
  sayToBench({
    kind: 'prepared',
    port: 0,
    pids: [Number(readFileSync(join(place.home, 'pm2.pid'), 'utf8'))],
    request: JSON.stringify(order),
    shape: { kind: 'text' },
    readerScript: join(import.meta.dirname, 'pm2-reader.ts'),
  });
}
