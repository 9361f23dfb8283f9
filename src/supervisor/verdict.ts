import type { HostIdentity, ProcessIdentity } from '../domain/process-identity.ts';
import type { JobDirectory } from '../storage/job-directory.ts';
import { exitRecordTimeMs, readExitRecord } from './exit-record.ts';
import { isAlive, readProcess, type ProcessTable } from './process-table.ts';
import { shimSession, type TreeRoot } from './process-tree.ts';
import type { ReconcileVerdict } from './reconciliation.ts';
import type { ResumedRun } from './resumed-run.ts';

/** What is to be said of a job that had left the queue. */
export interface Verdict {
  readonly verdict: Extract<ReconcileVerdict, 'ADOPTED' | 'FINISHED' | 'LOST' | 'FAILED'>;
  /** Part of a sentence. */
  readonly evidence: string;
}

/**
 * Looks for a job that a former server left, and changes nothing: its run finds the same and acts on it. The order of
 * the questions is that of the run, too: an exit record counts before everything else, and a pid counts only with its
 * start time, boot and namespace.
 */
export async function judge(
  former: ResumedRun,
  now: { readonly host: HostIdentity; readonly table: ProcessTable },
  directory: JobDirectory,
): Promise<Verdict> {
  const { root, host } = former;
  const record = readExitRecord(directory.exitRecordPath);
  const writtenAtMs = exitRecordTimeMs(directory.exitRecordPath);
  if (root === null) {
    return former.startedAtMs === null
      ? neverRan(former, 'nothing says that its program was ever brought to its gate')
      : lost('nothing says who its processes were');
  }
  if (record.aborted) return neverRan(former, 'its exit record says that its gate never opened');
  if (record.exitStatus !== null) {
    const at = new Date(writtenAtMs ?? Date.now()).toISOString();
    return {
      verdict: 'FINISHED',
      evidence: `its exit record says ${String(record.exitStatus)}, written at ${at}`,
    };
  }
  if (host.bootId !== now.host.bootId)
    return lost(`the machine was restarted: it ran in boot ${host.bootId}, and this is ${now.host.bootId}`);
  if (host.pidNamespace !== now.host.pidNamespace)
    return lost(
      `it ran in ${host.pidNamespace}, another pid namespace than this one (${now.host.pidNamespace})`,
    );
  const found = await lookFor(root, now.table);
  if (found !== null) {
    const rest =
      '; its exit record and its log are gone, so it goes on without them and its end cannot be known';
    return { verdict: 'ADOPTED', evidence: writtenAtMs === undefined ? found + rest : found };
  }
  if (!record.started && writtenAtMs !== undefined)
    return neverRan(
      former,
      'its processes are gone, and its exit record says that its program never started',
    );
  const where = `pid ${String(root.program.pid)} ${absence(root.program)}`;
  return lost(
    writtenAtMs === undefined
      ? `${where}; its exit record and its log are gone, too`
      : `${where}, and its exit record does not say how it ended`,
  );
}

/** What there is of a job's own processes; `null` for nothing. */
async function lookFor(root: TreeRoot, table: ProcessTable): Promise<string | null> {
  const program = `pid ${String(root.program.pid)} with its start time is alive`;
  const shim = `its shim (pid ${String(root.shim.pid)})`;
  const programLives = isAlive(root.program);
  if (isAlive(root.shim))
    return programLives
      ? program
      : `${shim} is alive, and its program (pid ${String(root.program.pid)}) has just ended`;
  const partsLive = shimSession(await table.scan(), root).length > 0;
  if (programLives) {
    const rest = partsLive ? 'what it left can still record the exit code' : 'its exit code cannot be known';
    return `${program}; ${shim} ${absence(root.shim)}, and ${rest}`;
  }
  return partsLive ? `what ${shim} left is alive and records its end` : null;
}

/** How an identity is missing. Who has its pid now is a stranger, and is not signalled. */
function absence(identity: ProcessIdentity): string {
  const holder = readProcess(identity.pid);
  return holder === undefined || holder.startTicks === identity.startTicks
    ? 'is gone'
    : 'belongs to another process now, which started at another time';
}

function neverRan({ endRequest }: ResumedRun, evidence: string): Verdict {
  return endRequest === null
    ? { verdict: 'FAILED', evidence }
    : { verdict: 'FINISHED', evidence: `${evidence}, and it had been told to end` };
}

function lost(evidence: string): Verdict {
  return { verdict: 'LOST', evidence };
}
