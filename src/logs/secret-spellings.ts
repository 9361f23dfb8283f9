/** Shorter ones are found in other text by chance. */
const LEAST_BYTES = 4;
/** Of one line of several, and of what is looked for in other spellings, too. */
const LEAST_PART_BYTES = 8;
/** The longest secret that is looked for in other spellings. */
const MOST_SPELT_BYTES = 8 * 1024;

/**
 * What a secret is looked for as: itself, with and without the blanks around it, with line ends of either kind, each of its
 * lines; and as JSON, as part of a URL or a form, and in base64 wherever that begins.
 */
export function spellingsOf(secret: string): readonly Buffer[] {
  const found = new Map<string, Buffer>();
  const add = (text: string, leastBytes: number): void => {
    const bytes = Buffer.from(text);
    if (bytes.length >= leastBytes) found.set(bytes.toString('latin1'), bytes);
  };
  add(secret, LEAST_BYTES);
  add(secret.trim(), LEAST_BYTES);
  if (secret.includes('\n')) {
    add(secret.replaceAll(/\r?\n/g, '\r\n'), LEAST_BYTES);
    for (const line of secret.split('\n')) add(line.trim(), LEAST_PART_BYTES);
  }
  const byteLength = Buffer.byteLength(secret);
  if (byteLength < LEAST_PART_BYTES || byteLength > MOST_SPELT_BYTES) return [...found.values()];
  add(JSON.stringify(secret).slice(1, -1), LEAST_PART_BYTES);
  add(encodeURIComponent(secret), LEAST_PART_BYTES);
  add(new URLSearchParams([['', secret]]).toString().slice(1), LEAST_PART_BYTES);
  for (const text of inBase64(Buffer.from(secret))) {
    add(text, LEAST_PART_BYTES);
    add(text.replaceAll('+', '-').replaceAll('/', '_'), LEAST_PART_BYTES);
  }
  return [...found.values()];
}

/** The letters that depend on the secret alone, for each of the three places within a group at which it can begin. */
function inBase64(secret: Buffer): readonly string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), secret]).toString('base64');
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + secret.length) * 8) / 6));
  });
}
