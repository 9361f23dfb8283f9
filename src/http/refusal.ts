import type { ServerResponse } from 'node:http';
import type { ErrorCode } from '../domain/errors.ts';

/** A request that is answered with an error status, and why. Its message is shown. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: ErrorCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = new.target.name;
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** How an error body is written: as GraphQL clients expect it, or plainly. */
export type ErrorForm = 'graphql' | 'plain';

/** Answers with an error, if nothing has been answered yet; a response that has begun is cut. */
export function sendRefusal(
  res: ServerResponse,
  form: ErrorForm,
  { status, code, message, headers }: Pick<Refusal, 'status' | 'code' | 'message' | 'headers'>,
  facts: Readonly<Record<string, string>> = {},
): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const body =
    form === 'graphql'
      ? { errors: [{ message, extensions: { code, ...facts } }] }
      : { error: { code, message, ...facts } };
  const text = JSON.stringify(body);
  res.writeHead(status, {
    ...headers,
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  });
  res.end(text);
}
