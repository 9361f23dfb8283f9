/** A job's id: a positive integer, given in order, never reused. Written as `ID` on every door. */
export type JobId = number;

const WRITTEN_ID = /^[1-9][0-9]{0,15}$/;

/** Reads an id as it is written in GraphQL, URLs and on the command line; `undefined` if it is not one. */
export function parseJobId(written: string): JobId | undefined {
  if (!WRITTEN_ID.test(written)) return undefined;
  const id = Number(written);
  return Number.isSafeInteger(id) ? id : undefined;
}
