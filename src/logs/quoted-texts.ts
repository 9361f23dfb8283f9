import type { LogBatch } from './log-batch.ts';

/** The texts of a batch's lines as JSON strings, quotes included: exactly what `JSON.stringify` gives of each. */
export function quotedTexts(batch: LogBatch): string[] {
  const whole = batch.text();
  // With a backslash in the text, an escaped newline could not be told from an escaped backslash before an n.
  if (whole.includes('\\')) return batch.lines().map(({ text }) => JSON.stringify(text));
  const pieces = JSON.stringify(whole).slice(1, -1).split('\\n');
  if (batch.ending === 'NEWLINE') pieces.pop();
  const last = pieces.length - 1;
  return pieces.map((piece, index) => {
    const hasNewline = index < last || batch.ending === 'NEWLINE';
    return `"${hasNewline && piece.endsWith('\\r') ? piece.slice(0, -2) : piece}"`;
  });
}
