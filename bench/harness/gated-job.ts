import { writeFileSync } from 'node:fs';
import type { BenchContext } from './context.ts';
import type { BenchServer } from './bench-server.ts';

/** A job that runs and prints nothing before it is told to. */
export interface GatedJob {
  readonly id: string;
  open(): void;
}

/** @param command of the shell, run once the gate is open */
export function gatedScript(gate: string, command: string): string {
  return `while [ ! -e '${gate}' ]; do sleep 0.02; done; ${command}`;
}

export async function startGatedJob(
  server: BenchServer,
  context: BenchContext,
  command: string,
): Promise<GatedJob> {
  const gate = context.scratchPath('gate');
  const { id } = await server.client.startJob({ script: gatedScript(gate, command) });
  return {
    id,
    open: () => {
      writeFileSync(gate, '');
    },
  };
}
