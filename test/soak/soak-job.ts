import type { SeededRandom } from '../chaos/random.ts';

/** What a job of the soak does; each line of standard output is its own number, and so is each of standard error behind an `e`. */
export type SoakKind = 'SHORT' | 'TALKER' | 'BOTH' | 'FAMILY' | 'SILENT' | 'FLOOD';

export interface SoakPlan {
  readonly kind: SoakKind;
  readonly input: Readonly<Record<string, unknown>>;
  /** Lines of both streams where it ends by itself; `null` where it does not. */
  readonly lineCount: number | null;
  readonly exitCode: number;
}

const KINDS: readonly SoakKind[] = [
  'SHORT',
  'SHORT',
  'SHORT',
  'SHORT',
  'TALKER',
  'TALKER',
  'TALKER',
  'BOTH',
  'BOTH',
  'FAMILY',
  'SILENT',
  'FLOOD',
];

export function planJob(random: SeededRandom, name: string): SoakPlan {
  const kind = random.pick(KINDS);
  const exitCode = random.pick([0, 0, 0, 3]);
  const lines = linesOf(kind, random);
  const common = { requestId: name, gracePeriodMs: random.pick([200, 1_000]), maxLogBytes: 1024 * 1024 };
  return {
    kind,
    exitCode,
    lineCount: lines === null ? null : kind === 'BOTH' ? 2 * lines : lines,
    input: { ...common, script: scriptOf(kind, lines ?? 0, random.pick(['0.02', '0.05', '0.1']), exitCode) },
  };
}

function linesOf(kind: SoakKind, random: SeededRandom): number | null {
  switch (kind) {
    case 'SHORT':
      return random.integer(0, 5);
    case 'TALKER':
    case 'BOTH':
      return random.integer(20, 200);
    case 'FAMILY':
    case 'SILENT':
      return null;
    case 'FLOOD':
      return random.integer(200_000, 600_000);
  }
}

function scriptOf(kind: SoakKind, lines: number, pause: string, exitCode: number): string {
  const count = (body: string): string =>
    `i=0; while [ $i -lt ${String(lines)} ]; do i=$((i + 1)); ${body}; done; exit ${String(exitCode)}`;
  switch (kind) {
    case 'SHORT':
      return count('echo $i');
    case 'TALKER':
      return count(`echo $i; sleep ${pause}`);
    case 'BOTH':
      return count(`echo $i; echo e$i >&2; sleep ${pause}`);
    case 'FAMILY':
      return `sleep 1000 & setsid sleep 1000 & i=0; while :; do i=$((i + 1)); echo $i; sleep ${pause}; done`;
    case 'SILENT':
      return 'exec sleep 1000';
    case 'FLOOD':
      return `seq 1 ${String(lines)}; exit ${String(exitCode)}`;
  }
}
