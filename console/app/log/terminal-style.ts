/** A look that was begun and not ended, as the terminal's parameters: of the text, of what is behind it, and weights. */
interface Style {
  readonly front: string;
  readonly back: string;
  readonly weights: readonly number[];
}

export const NO_STYLE: Style = { front: '', back: '', weights: [] };

/** What says it to a terminal; nothing where it is as at the beginning. */
export function sequenceOf({ front, back, weights }: Style): string {
  const codes = [front, back, ...weights.map(String)].filter((code) => code !== '');
  return codes.length === 0 ? '' : `\u001b[${codes.join(';')}m`;
}

/** @param parameters of one sequence, such as `1;38;5;208` (ECMA-48, 8.3.117) */
export function styleAfter(style: Style, parameters: string): Style {
  const codes = parameters.split(';').map(Number);
  let { front, back, weights } = style;
  for (let place = 0; place < codes.length; place += 1) {
    const code = codes[place] ?? 0;
    if (code === 38 || code === 48) {
      const length = codes[place + 1] === 5 ? 3 : 5;
      const colour = codes.slice(place, place + length).join(';');
      if (code === 38) front = colour;
      else back = colour;
      place += length - 1;
    } else if (code === 0) ({ front, back, weights } = NO_STYLE);
    else if (code < 10) weights = [...weights.filter((other) => other !== code), code];
    else if (code in ENDS) weights = weights.filter((other) => ENDS[code]?.includes(other) !== true);
    else if (code === 39) front = '';
    else if (code === 49) back = '';
    else if (isBetween(code, 30, 37) || isBetween(code, 90, 97)) front = String(code);
    else if (isBetween(code, 40, 47) || isBetween(code, 100, 107)) back = String(code);
  }
  return { front, back, weights };
}

/** Which weights end with a code. */
const ENDS: Readonly<Record<number, readonly number[]>> = {
  21: [1],
  22: [1, 2],
  23: [3],
  24: [4],
  25: [5, 6],
  27: [7],
  28: [8],
  29: [9],
};

function isBetween(code: number, least: number, most: number): boolean {
  return code >= least && code <= most;
}
