/** Reads words as a shell does: blanks between them, quotes and backslashes within; no variables, no patterns. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let place = 0; place < text.length; place += 1) {
    const character = text[place] ?? '';
    if (character === '\\' && quote !== "'" && place + 1 < text.length) {
      place += 1;
      word = (word ?? '') + (text[place] ?? '');
    } else if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  if (word !== undefined) words.push(word);
  return words;
}
