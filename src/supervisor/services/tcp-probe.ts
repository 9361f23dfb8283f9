import { connect } from 'node:net';
import { connectionProblem } from './connection-problem.ts';
import type { ActionOf, ProbeResult } from './probed-job.ts';

/** Connects, and hangs up at once; an accepted connection is yes. */
export async function tryTcp({ host, port }: ActionOf<'TCP'>, signal: AbortSignal): Promise<ProbeResult> {
  const place = `${host}:${String(port)}`;
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (isOk: boolean, what: string): void => {
      signal.removeEventListener('abort', leave);
      socket.destroy();
      resolve({ isOk, message: `${place}: ${what}.` });
    };
    const leave = (): void => {
      settle(false, 'the try was given up');
    };
    signal.addEventListener('abort', leave, { once: true });
    socket.once('connect', () => {
      settle(true, 'it takes connections');
    });
    socket.on('error', (error) => {
      settle(false, connectionProblem(error));
    });
  });
}
