import { InvalidInputError, LimitExceededError } from '../domain/errors.ts';
import { given } from './given.ts';

/**
 * Refuses page sizes that are contradictory or too large; a page is never cut silently.
 * @throws InvalidInputError for a negative size, or for both directions at once
 * @throws LimitExceededError above `most`
 */
export function checkPageSize(
  { first, last }: { readonly first?: number | null | undefined; readonly last?: number | null | undefined },
  most: number,
): void {
  const sizes = Object.entries(given({ first, last }));
  if (sizes.length > 1) throw new InvalidInputError('Give either first or last, not both.', 'last');
  for (const [field, size] of sizes) {
    if (size < 0) throw new InvalidInputError(`${field} is a number of rows; it cannot be negative.`, field);
    if (size > most) {
      throw new LimitExceededError(`${field} can be ${String(most)} at most. Ask for more in further pages.`);
    }
  }
}
