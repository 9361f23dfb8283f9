/** A whole SGR sequence (ECMA-48, 8.3.117), and so colour or weight of text. `CSI > … m` is none. */
const SGR = '\\x1b\\[[0-9;:]{0,64}m';
/** Controls, what reorders text, what ends a line unseen, and invisible copies of ASCII. */
const HARMFUL = '[\\p{Cc}\\p{Bidi_Control}\\u2028\\u2029\\u{e0000}-\\u{e007f}]';
const SGR_OR_HARMFUL = new RegExp(`${SGR}|${HARMFUL}`, 'gu');

/** First of the Unicode block of pictures for the controls 0 to 31. */
const CONTROL_PICTURES = 0x2400;
const PICTURE_OF_DELETE = '\u2421';

/**
 * Text that does nothing to a terminal but appear: every control except newline and tab is shown (`␛`, `␇`,
 * `<U+009B>`), as are bidirectional controls. So a title, a link, a clipboard write or a cursor movement can be read instead
 * of happening. With `colours`, SGR sequences stay; without, they are left out.
 */
export function harmlessText(text: string, { colours }: { readonly colours: boolean }): string {
  return text.replace(SGR_OR_HARMFUL, (found) => {
    if (found === '\n' || found === '\t') return found;
    if (found.length > 1 && found.startsWith('\x1b')) return colours ? found : '';
    return pictureOf(found);
  });
}

/** As `harmlessText`, without colours and on one line: for names and commands in tables and messages. */
export function harmlessLine(text: string): string {
  return harmlessText(text, { colours: false }).replaceAll('\n', '␊').replaceAll('\t', ' ');
}

function pictureOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(CONTROL_PICTURES + code);
  if (code === 0x7f) return PICTURE_OF_DELETE;
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}
