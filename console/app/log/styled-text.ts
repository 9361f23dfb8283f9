import Anser from 'anser';
import { NO_STYLE, sequenceOf, styleAfter } from './terminal-style.ts';

/** A run of text of one look. Colours are a class (`ansi-red`), or a colour of CSS. */
export interface StyledRun {
  readonly text: string;
  readonly classes: string;
  readonly color: string | undefined;
  readonly background: string | undefined;
}

const ESC = '\\u001b';
/** Characters of Unicode that stand for nothing, so that no text needs them: where a hit begins, and where it ends. */
export const HIT_BEGIN = '\ufdd0';
export const HIT_END = '\ufdd1';
/** Strings of the terminal: titles, links, clipboard writes; ended by BEL or ST, or not at all. */
const COMMAND_STRING = `(?:${ESC}[\\]PX^_]|[\\u009d\\u0090\\u0098\\u009e\\u009f])[^\\u0007\\u009c]*?(?:\\u0007|\\u009c|${ESC}\\\\|$)`;
/** A sequence that another control cuts short: left out before it is, lest what is on both sides of that one becomes a sequence. */
const CUT_SHORT = `(?:${ESC}(?:\\[[0-?]*)?|\\u009b[0-?]*)[ -/]*(?=[${HIT_BEGIN}${HIT_END}]*[\\u001b\\u0080-\\u009f])`;
/** Of the control sequences only colours and weights (`m`) mean anything to a log. */
const OTHER_SEQUENCE = `(?:${ESC}\\[|\\u009b)[0-?]*[ -/]*(?!m)[@-~]|${ESC}\\[[<-?][0-?]*m|${ESC}[ -/]*[0-Z\\\\^-~]`;
const UNWANTED = new RegExp(`${COMMAND_STRING}|${OTHER_SEQUENCE}|${CUT_SHORT}`, 'gu');
/** What a terminal takes as one and does not show: no text is to be cut within it. */
export const TERMINAL_SEQUENCES = new RegExp(
  `${COMMAND_STRING}|(?:${ESC}\\[|\\u009b)[0-?]*[ -/]*[@-~]|${ESC}[ -/]*[0-Z\\\\^-~]|${CUT_SHORT}`,
  'gu',
);
const COLOUR = new RegExp(`${ESC}\\[([\\d;]*)m`, 'gu');
/** What is left of controls, what reorders text, and what cannot be seen. A colour begins with ESC and is whole. */
const HARMFUL = new RegExp(
  `${ESC}(?!\\[[0-?]*m)|[\\u0000-\\u0008\\u000a-\\u001a\\u001c-\\u001f\\u007f-\\u009f]|\\p{Bidi_Control}|[\\u2028\\u2029\\u{e0000}-\\u{e007f}]`,
  'gu',
);

/**
 * A line as runs of text in colours of 16, 256 or 16 million, and nothing else: what a line asks of a terminal (links, titles,
 * the clipboard, the cursor) is left out, other controls are shown as pictures. Of a line that a lone CR writes over and
 * over, the last state. Text only: nothing in it becomes markup.
 * @param carried the look in which the line before ended, as `CarriedStyles` gives it
 */
export function styledRuns(line: string, carried = ''): readonly StyledRun[] {
  const shown = lastState(line);
  const look = carriedOver(carried, line.slice(0, shown.start));
  const text = withWholeLooks(look + shown.text.replace(UNWANTED, '').replace(HARMFUL, picture));
  if (!text.includes('\u001b')) return [{ text, classes: '', color: undefined, background: undefined }];
  return Anser.ansiToJson(text, { json: true, use_classes: true, remove_empty: true }).map(
    ({ content, fg, bg, fg_truecolor, bg_truecolor, decorations }) => {
      const front = colourOf(fg, fg_truecolor);
      const back = colourOf(bg, bg_truecolor);
      return {
        text: content.replaceAll('\u001b', '␛'),
        classes: [
          front.name === undefined ? '' : `fg-${front.name}`,
          back.name === undefined ? '' : `bg-${back.name}`,
          ...new Set(decorations.map((decoration) => `ansi-${decoration}`)),
        ]
          .filter((name) => name !== '')
          .join(' '),
        color: front.css,
        background: back.css,
      };
    },
  );
}

/** Each sequence says the whole look from there on: to Anser, what was begun twice goes on after an end. */
function withWholeLooks(text: string): string {
  let style = NO_STYLE;
  return text.replaceAll(COLOUR, (_sequence, parameters: string) => {
    style = styleAfter(style, parameters);
    return `\u001b[0m${sequenceOf(style)}`;
  });
}

/** The parameters of the sequences for colours and weights in a line, in their order. */
export function colourCodesOf(line: string): readonly string[] {
  if (!line.includes('\u001b')) return [];
  return [...line.replace(UNWANTED, '').matchAll(COLOUR)].map(([, parameters = '']) => parameters);
}

/** The look after a piece of text that began with another. Both as sequences of the terminal, or nothing. */
export function carriedOver(carried: string, text: string): string {
  return sequenceOf([...colourCodesOf(carried), ...colourCodesOf(text)].reduce(styleAfter, NO_STYLE));
}

/** The text alone, as it is shown. */
export function plainText(line: string): string {
  return styledRuns(line)
    .map(({ text }) => text)
    .join('');
}

/** A program that draws its progress ends each state with a lone CR. @returns the last one, and where it begins */
export function lastState(line: string): { readonly text: string; readonly start: number } {
  let end = line.length;
  while (end > 0 && line[end - 1] === '\r') end -= 1;
  const start = line.lastIndexOf('\r', end - 1) + 1;
  return end === 0 ? { text: '', start: 0 } : { text: line.slice(start, end), start };
}

function picture(control: string): string {
  const code = control.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '␡';
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}

const CUBE = [0, 95, 135, 175, 215, 255];

/** Anser names colours `ansi-red`, `ansi-palette-123` and `ansi-truecolor`. */
function colourOf(
  name: string | null,
  trueColour: string | null,
): { readonly name?: string; readonly css?: string } {
  if (name === null || name === '') return {};
  if (name === 'ansi-truecolor') return { css: `rgb(${trueColour ?? '128, 128, 128'})` };
  const palette = /^ansi-palette-(\d+)$/.exec(name)?.[1];
  if (palette === undefined) return { name: name.replace(/^ansi-/, '') };
  const index = Number(palette);
  if (index >= 232) {
    const grey = String(8 + (index - 232) * 10);
    return { css: `rgb(${grey}, ${grey}, ${grey})` };
  }
  const place = index - 16;
  const parts = [Math.floor(place / 36), Math.floor(place / 6) % 6, place % 6];
  return { css: `rgb(${parts.map((part) => String(CUBE[part] ?? 0)).join(', ')})` };
}
