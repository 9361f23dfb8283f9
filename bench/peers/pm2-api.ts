import { createRequire } from 'node:module';
import { join } from 'node:path';

/** What is used of pm2, which is not installed with this project and so has no types here. */
export interface Pm2 {
  connect(noDaemonMode: boolean, done: (error: Error | null) => void): void;
  disconnect(): void;
  start(options: Pm2Start, done: (error: Error | null) => void): void;
  delete(name: string, done: (error: Error | null) => void): void;
  killDaemon(done: (error: Error | null) => void): void;
  launchBus(done: (error: Error | null, bus: Pm2Bus) => void): void;
}

export interface Pm2Start {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly interpreter: 'none';
  readonly autorestart: false;
  readonly out_file: string;
  readonly error_file: string;
}

export interface Pm2Bus {
  on(event: 'log:out', take: (packet: Pm2Packet) => void): void;
}

export interface Pm2Packet {
  readonly data: string;
  readonly process: { readonly name: string };
}

/** Where a pm2 is installed and keeps its files. */
export interface Pm2Place {
  readonly installedIn: string;
  readonly home: string;
}

/** Loads the pm2 that is installed in a directory, with a home of its own, so that the user's daemon is left alone. */
export function loadPm2({ installedIn, home }: Pm2Place): Pm2 {
  process.env['PM2_HOME'] = home;
  process.env['PM2_DISABLE_VERSION_CHECK'] = 'true';
  return createRequire(join(installedIn, 'package.json'))('pm2') as Pm2;
}

/** A call of pm2 as a promise. */
export function settled(call: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
