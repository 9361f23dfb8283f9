import {
  CreateTokenDocument,
  ListTokensDocument,
  RevokeTokenDocument,
  type Scope,
  type TokenFieldsFragment,
} from '../../client/generated/graphql.ts';
import type { CommandContext } from '../command-context.ts';
import { formatDuration } from '../../domain/duration.ts';
import { EXIT } from '../exit-codes.ts';
import { table, type Cell } from '../table.ts';

export interface CreateTokenOptions {
  readonly scope: Scope;
  /** Milliseconds from now. Default: it does not end by itself. */
  readonly expires?: number;
}

/** `lifeline token create`: makes a token and prints it alone, for a script to take; what else there is to say goes beside. */
export async function createToken(
  context: CommandContext,
  name: string,
  { scope, expires }: CreateTokenOptions,
): Promise<number> {
  const expiresAt = expires === undefined ? undefined : new Date(Date.now() + expires).toISOString();
  const { createToken: made } = await context
    .connect()
    .execute(CreateTokenDocument, { input: { name, scope, expiresAt } });
  if (context.wantsJson) {
    await context.printJson(made);
  } else {
    await context.output.write(`${made.secret}\n`);
    await context.note(`this is shown once: keep it now. lifeline token revoke ${name} ends it`);
  }
  return EXIT.OK;
}

/** `lifeline token list`: the tokens beside the server's own. */
export async function listTokens(context: CommandContext): Promise<number> {
  const { tokens } = await context.connect().execute(ListTokensDocument, {});
  if (context.wantsJson) await context.printJson(tokens);
  else await context.output.write(table(context.output, HEADINGS, tokens.map(rowOf)));
  return EXIT.OK;
}

/** `lifeline token revoke`: ends a token at once. */
export async function revokeToken(context: CommandContext, name: string): Promise<number> {
  const { revokeToken: token } = await context.connect().execute(RevokeTokenDocument, { name });
  if (context.wantsJson) await context.printJson(token);
  else await context.output.write(`the token ${token.name} is revoked\n`);
  return EXIT.OK;
}

const HEADINGS = ['NAME', 'SCOPE', 'STATE', 'AGE', 'LAST USED', 'MADE BY'];

function rowOf(token: TokenFieldsFragment): Cell[] {
  const agoOf = (at: string): string => formatDuration(Date.now() - Date.parse(at));
  return [
    { text: token.name },
    { text: token.scope.toLowerCase() },
    { text: stateOf(token) },
    { text: agoOf(token.createdAt) },
    { text: token.lastUsedAt === null ? 'never' : agoOf(token.lastUsedAt) },
    { text: token.createdBy },
  ];
}

function stateOf({ revokedAt, expiresAt }: TokenFieldsFragment): string {
  if (revokedAt !== null) return 'revoked';
  if (expiresAt === null) return 'valid';
  const restMs = Date.parse(expiresAt) - Date.now();
  return restMs <= 0 ? 'expired' : `for ${formatDuration(restMs)}`;
}
