import { createInterface } from 'node:readline/promises';
import type { CommandContext } from './command-context.ts';

/** Whether there is somebody to ask: a terminal to read from, and one to ask on. */
export function canAsk({ errors }: CommandContext): boolean {
  return process.stdin.isTTY && errors.isTerminal;
}

/** Asks on standard error; only `y` and `yes` are a yes, and an end of the input is a no. */
export async function confirm(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new AbortController();
  lines.once('close', () => ended.abort());
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: ended.signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    if (ended.signal.aborted) return false;
    throw error;
  } finally {
    lines.close();
  }
}
