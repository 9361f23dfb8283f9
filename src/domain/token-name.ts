const TOKEN_NAME = /^[\w.@-]{1,64}$/;

/** Whether a token may have this name: nothing in it can be mistaken for anything else, wherever it is shown. */
export function isTokenName(text: string): boolean {
  return TOKEN_NAME.test(text);
}
