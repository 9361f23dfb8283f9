import { CommandContext, type CommonOptions } from './command-context.ts';
import { EXIT } from './exit-codes.ts';
import { failureOf } from './failure.ts';
import { InterruptedError } from './interrupts.ts';
import { jsonText } from './json-text.ts';
import { OutputClosedError, OutputStream } from './output-stream.ts';

/**
 * Runs one command of this process to its exit code. Whatever it throws becomes a sentence on standard error (with
 * `--json` a document `{error: {code, message}}`) and an exit code; only a fault of our own is thrown on.
 */
export async function runCommand(
  options: CommonOptions,
  command: (context: CommandContext) => Promise<number>,
): Promise<number> {
  const outputs = {
    output: new OutputStream(process.stdout, process.env),
    errors: new OutputStream(process.stderr, process.env),
  };
  const context = new CommandContext(outputs, process.env, process.cwd(), options);
  try {
    return await command(context);
  } catch (error) {
    if (error instanceof OutputClosedError) return EXIT.OUTPUT_CLOSED;
    if (error instanceof InterruptedError) {
      await context.note(error.message);
      return error.exitCode;
    }
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    const { code, message, exitCode } = failure;
    if (!context.wantsJson) await context.note(message);
    else await context.errors.write(`${jsonText({ error: { code, message } })}\n`).catch(() => undefined);
    return exitCode;
  }
}
