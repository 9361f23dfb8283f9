import type { SeededRandom } from '../chaos/random.ts';

/** What a job of the soak does. */
export type SoakKind = 'SHORT' | 'TALKER' | 'BOTH' | 'FAMILY' | 'SILENT' | 'FLOOD' | 'LONG' | 'HELD_UP';

export interface SoakPlan {
  readonly kind: SoakKind;
  /** The width to which the numbers of the lines are filled up with zeros. */
  readonly width: number;
  readonly input: Readonly<Record<string, unknown>>;
  /** Lines of both streams where it ends by itself; `null` where it does not. */
  readonly lineCount: number | null;
  readonly exitCode: number;
}

/** Long lines: what costs a reader is their number, and what fills a log are their bytes. */
const FLOOD_WIDTH = 120;
/** Of lines that are split twice. */
const LONG_WIDTH = 150_000;
/** Of lines that are given in two halves, with a pause after which a first half is delivered by itself. */
const HELD_UP_WIDTH = 10;
const HELD_UP_SECONDS = 1.5;

/** Each as often as it stands here. */
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
  'LONG',
  'HELD_UP',
];

/** What a job writes as the n-th line of a stream, 1 being the first. */
export function lineText({ width }: SoakPlan, stream: 'STDOUT' | 'STDERR', number: number): string {
  return `${stream === 'STDERR' ? 'e' : ''}${String(number).padStart(width, '0')}`;
}

/** @param requestId with one, a start whose answer a death has taken is asked for again, and is the same job */
export function planJob(random: SeededRandom, requestId?: string): SoakPlan {
  const kind = random.pick(KINDS);
  const exitCode = random.pick([0, 0, 0, 3]);
  const lines = linesOf(kind, random);
  const common = { requestId, gracePeriodMs: random.pick([200, 1_000]), maxLogBytes: 1024 * 1024 };
  return {
    kind,
    exitCode,
    width: widthOf(kind),
    lineCount: lines === null ? null : kind === 'BOTH' ? 2 * lines : lines,
    input: { ...common, script: scriptOf(kind, lines ?? 0, random.pick(['0.02', '0.05', '0.1']), exitCode) },
  };
}

function widthOf(kind: SoakKind): number {
  switch (kind) {
    case 'FLOOD':
      return FLOOD_WIDTH;
    case 'LONG':
      return LONG_WIDTH;
    case 'HELD_UP':
      return HELD_UP_WIDTH;
    default:
      return 0;
  }
}

function linesOf(kind: SoakKind, random: SeededRandom): number | null {
  switch (kind) {
    case 'SHORT':
      return random.integer(0, 5);
    case 'TALKER':
    case 'BOTH':
      return random.integer(20, 100);
    case 'FAMILY':
    case 'SILENT':
      return null;
    case 'FLOOD':
      return random.integer(12_000, 40_000);
    case 'LONG':
    case 'HELD_UP':
      return random.integer(2, 6);
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
      return `seq -f %0${String(FLOOD_WIDTH)}.0f 1 ${String(lines)}; exit ${String(exitCode)}`;
    case 'LONG':
      return count(`printf '%0${String(LONG_WIDTH)}d\\n' $i; sleep ${pause}`);
    case 'HELD_UP':
      return count(
        `printf 00000; sleep ${String(HELD_UP_SECONDS)}; printf '%0${String(HELD_UP_WIDTH - 5)}d\\n' $i`,
      );
  }
}
