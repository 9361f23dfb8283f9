import type { LogBatch } from './log-batch.ts';

/** The texts of a batch's lines as they stand within the quotes of a JSON string: exactly what `JSON.stringify` gives of each. */
export function escapedTexts(batch: LogBatch): readonly string[] {
  const whole = batch.text();
  // With a backslash in the text, an escaped newline could not be told from an escaped backslash before an n.
  if (whole.includes('\\')) return batch.lines().map(({ text }) => JSON.stringify(text).slice(1, -1));
  const texts = JSON.stringify(whole).slice(1, -1).split('\\n');
  if (batch.ending === 'NEWLINE') texts.pop();
  if (!whole.includes('\r')) return texts;
  const last = texts.length - 1;
  return texts.map((text, index) => {
    const hasNewline = index < last || batch.ending === 'NEWLINE';
    return hasNewline && text.endsWith('\\r') ? text.slice(0, -2) : text;
  });
}
