/** What the figures are wanted to be: the measured ones, or their share of the raw limit (1 is as fast). */
export interface Target {
  readonly of: 'measured' | 'share of raw';
  readonly is: 'at least' | 'at most';
  readonly value: number;
}

export interface Verdict {
  readonly met: boolean;
  /** As a share of the target: by how much it is missed, or how much room there is. */
  readonly distance: number;
}

export function judge(target: Target, actual: number): Verdict {
  const ratio = actual / target.value;
  const isEnough = target.is === 'at least' ? ratio >= 1 : ratio <= 1;
  return { met: isEnough, distance: Math.abs(ratio - 1) };
}

export function verdictText(target: Target, actual: number): string {
  const { met, distance } = judge(target, actual);
  const percent = `${(distance * 100).toFixed(0)} %`;
  return met ? `met (${percent} of room)` : `missed by ${percent}`;
}
