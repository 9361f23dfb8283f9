import type { FetchResponse } from '../../client/endpoint.ts';
import { codedErrorIn, LifelineConnectionError, LifelineRequestError } from '../../client/errors.ts';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT } from '../exit-codes.ts';

// Why it prints and starts no browser: a ticket in a browser's arguments could be read, and used first, by other users.

/** `lifeline open`: prints a URL that lets a browser in, once. */
export async function open(context: CommandContext): Promise<number> {
  const connection = context.connect();
  if (connection.isOverSocket) {
    throw new CliError(
      'That server is reached over a socket, where no browser gets. Name the URL of its port, or of the proxy before it, with --url.',
    );
  }
  const { response, answer } = await ask(() => connection.post('login/ticket', {}));
  const refusal = codedErrorIn(answer);
  if (refusal !== undefined && response.status !== 404)
    throw new LifelineRequestError(refusal.code, refusal.message);
  const ticket =
    typeof answer === 'object' && answer !== null ? (answer as { url?: unknown }).url : undefined;
  if (response.status !== 200 || typeof ticket !== 'string') {
    throw new CliError(`The server gives no tickets for browsers (HTTP ${response.status}).`);
  }
  const url = new URL(ticket, connection.url).href;
  await (context.wantsJson ? context.printJson({ url }) : context.output.write(`${url}\n`));
  return EXIT.OK;
}

async function ask(
  request: () => Promise<FetchResponse>,
): Promise<{ response: FetchResponse; answer: unknown }> {
  try {
    const response = await request();
    return { response, answer: isJson(response) ? await response.json() : undefined };
  } catch (cause) {
    if (cause instanceof LifelineConnectionError) throw cause;
    throw new LifelineConnectionError('There was no answer.', { cause });
  }
}

function isJson(response: FetchResponse): boolean {
  return /\bjson\b/.test(response.headers.get('content-type') ?? '');
}
