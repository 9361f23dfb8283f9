import { InvalidInputError } from '../../domain/errors.ts';
import { builder } from '../builder.ts';

// RFC 3339, section 5.6; other forms that Date takes depend on the time zone of the server.
const WRITTEN_INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/i;

function parseInstant(value: unknown): Date {
  const instant = typeof value === 'string' && WRITTEN_INSTANT.test(value) ? new Date(value) : undefined;
  if (instant === undefined || Number.isNaN(instant.getTime())) {
    throw new InvalidInputError('A DateTime is written as in RFC 3339, such as 2026-01-31T12:00:00.000Z.');
  }
  return instant;
}

function parseSafeInt(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw new InvalidInputError('A SafeInt is an integer between -(2^53 - 1) and 2^53 - 1.');
  }
  return value;
}

builder.scalarType('DateTime', {
  description:
    'An instant as in RFC 3339, always written in UTC with milliseconds: 2026-01-31T12:00:00.000Z.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (instant) => instant.toISOString(),
  parseValue: parseInstant,
});

builder.scalarType('SafeInt', {
  description: 'An integer that JSON carries exactly: from -(2^53 - 1) to 2^53 - 1.',
  // A plain Error, not a GraphQLError: what the server cannot write is its own fault.
  serialize: (value) => {
    if (!Number.isSafeInteger(value)) throw new RangeError(`Not a safe integer: ${String(value)}`);
    return value;
  },
  parseValue: parseSafeInt,
});
