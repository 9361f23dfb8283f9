// Why: Prisma hands a text that is looked for to SQLite's LIKE as it is, with no way to escape the wildcards. So the two
// are stored, and looked for, as characters that stand for nothing and are in no text (Unicode's noncharacters).

const WILDCARDS: Readonly<Record<string, string>> = { '%': '\ufdd0', _: '\ufdd1' };
const BETWEEN_WORDS = '\ufdd2';

/** What is stored of a command to find it by a part of one of its words. */
export function searchTextOf(command: readonly string[]): string {
  return searchable(command.join(BETWEEN_WORDS));
}

/** A text as it is to be looked for in what is stored. */
export function searchable(text: string): string {
  return text.replaceAll(/[%_]/g, (wildcard) => WILDCARDS[wildcard] ?? wildcard);
}
