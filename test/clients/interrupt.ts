import type { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { signal } from '../end-to-end/harness/processes.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';
import type { HostileProxy } from './hostile-proxy.ts';

const INTERRUPTIONS = ['cut', 'SIGKILL', 'cut', 'SIGTERM'] as const;

/**
 * Cuts what passes, kills the server and starts it again, cuts, stops the server politely and starts it again; each as
 * soon as the reader has something new to lose. Jobs stand still until the reader is back: else a slow machine would
 * see them end before the last interruption.
 * @param lineCount how many lines the reader has so far
 */
export async function interrupt(
  proxy: HostileProxy,
  server: LifelineServer,
  lineCount: () => number | Promise<number>,
): Promise<void> {
  for (const interruption of INTERRUPTIONS) {
    const before = await lineCount();
    await untilTrue(async () => (await lineCount()) > before, { what: `a line behind ${before}` });
    signalJobs(server, 'SIGSTOP');
    const requests = proxy.requests.length;
    if (interruption === 'cut') proxy.cutAll();
    else await server.restart(interruption);
    await untilTrue(() => proxy.requests.length > requests, {
      what: `the reader to come back after ${interruption}`,
    });
    signalJobs(server, 'SIGCONT');
  }
}

function signalJobs(server: LifelineServer, name: NodeJS.Signals): void {
  for (const { pid } of server.jobProcesses()) signal(pid, name);
}
