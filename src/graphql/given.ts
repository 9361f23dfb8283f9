/** The same fields without null and undefined. */
export type Given<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], null | undefined> };

/** What a client really gave. GraphQL has two ways to give nothing, null and absent; our own interfaces have one. */
export function given<Fields extends object>(fields: Fields): Given<Fields> {
  const entries = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries) as Given<Fields>;
}
