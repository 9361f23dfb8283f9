/** JSON itself escapes the controls up to 31 only. Here by UTF-16 code unit, which is what JSON escapes. */
const HARMFUL_UNITS = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\udb40[\udc00-\udc7f]/g;

/**
 * A value as JSON that does nothing to a terminal: what `harmlessText` would show is escaped, so that it means the same.
 * @param indent spaces a level; on one line where it is absent
 */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(HARMFUL_UNITS, (units) =>
    units.split('').map(escaped).join(''),
  );
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
