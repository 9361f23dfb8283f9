import { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';
import type { LocatedDocument, Path } from './located-document.ts';
import type { Problem } from './service-file-error.ts';

/** What is wrong at a place, before it is known in which line that is. */
export interface Fault {
  readonly path: Path;
  /** Whether the key is meant, not its value. */
  readonly isKey?: boolean;
  readonly message: string;
}

/** What a check found, in sentences that say what is allowed. */
export function faultsOf(issues: readonly z.core.$ZodIssue[], data: unknown, schema: z.ZodType): Fault[] {
  return issues.flatMap((issue): Fault[] => {
    const path = issue.path.map((step) => (typeof step === 'symbol' ? step.toString() : step));
    switch (issue.code) {
      case 'unrecognized_keys': {
        const allowed = keysAt(schema, path);
        return issue.keys.map((key) => ({
          path: [...path, key],
          isKey: true,
          message: `There is no such key${meant(key, allowed)}`,
        }));
      }
      case 'invalid_union': {
        const inner = nearestForm(issue.errors);
        if (inner === undefined) return [{ path, message: sentence(issue.message) }];
        return faultsOf(
          inner.map((fault) => ({ ...fault, path: [...issue.path, ...fault.path] })),
          data,
          schema,
        );
      }
      case 'invalid_key':
        return [{ path, isKey: true, message: sentence(issue.issues[0]?.message ?? issue.message) }];
      case 'invalid_value': {
        const given = valueAt(data, path);
        if (given === undefined) return [{ path, message: 'It is missing.' }];
        const allowed = issue.values.map(String);
        return [
          {
            path,
            message: `${shown(given)} is not known${meant(typeof given === 'string' ? given : '', allowed)}`,
          },
        ];
      }
      case 'invalid_type': {
        const given = valueAt(data, path);
        if (given === undefined) return [{ path, message: 'It is missing.' }];
        const isOurs = !issue.message.startsWith('Invalid input');
        const must = isOurs ? issue.message : `must be ${KINDS[issue.expected] ?? issue.expected}`;
        return [{ path, message: sentence(`${must}, and is ${kindOf(given)}`) }];
      }
      case 'too_small':
        return [{ path, message: sentence(bound(issue.origin, 'at least', issue.minimum)) }];
      case 'too_big':
        return [{ path, message: sentence(bound(issue.origin, 'at most', issue.maximum)) }];
      default:
        return [{ path, message: sentence(issue.message) }];
    }
  });
}

export function located(faults: readonly Fault[], document: LocatedDocument): Problem[] {
  return faults.map(({ path, isKey = false, message }) => ({
    ...(isKey ? document.placeOfKey(path) : document.placeOf(path)),
    path: path.join('.'),
    message,
  }));
}

/** Of several forms the one that was meant: it alone is wrong in a part, not as a whole. */
function nearestForm(
  forms: readonly (readonly z.core.$ZodIssue[])[],
): readonly z.core.$ZodIssue[] | undefined {
  const isWhole = ({ code, path }: z.core.$ZodIssue): boolean =>
    path.length === 0 && code !== 'unrecognized_keys';
  const [nearest, ...others] = forms.filter((issues) => !issues.some(isWhole));
  return others.length === 0 ? nearest : undefined;
}

const KINDS: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return shown(value);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function meant(given: string, allowed: readonly string[]): string {
  const guess = didYouMean(given, allowed);
  return `${guess === undefined ? '' : `; did you mean ${guess}?`}${guess === undefined ? '.' : ''} Allowed: ${allowed.join(', ')}.`;
}

function bound(origin: string, which: string, limit: number | bigint): string {
  if (origin === 'array') return `must have ${which} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  if (origin === 'string') return `must have ${which} ${limit} ${limit === 1 ? 'character' : 'characters'}`;
  return `must be ${which} ${limit}`;
}

function sentence(words: string): string {
  return `${words.startsWith('must') || words.startsWith('is ') ? 'It ' : ''}${words}.`;
}

export function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string | number, unknown>)[step]
        : undefined,
    data,
  );
}

/** The keys that a mapping at a path may have. */
function keysAt(schema: z.core.$ZodType, path: Path): string[] {
  const inner = unwrapped(schema);
  const [step, ...rest] = path;
  if (inner instanceof z.ZodObject) {
    const shape = inner.shape as Readonly<Record<string, z.core.$ZodType>>;
    if (step === undefined) return Object.keys(shape);
    const next = shape[step];
    return next === undefined ? [] : keysAt(next, rest);
  }
  return inner instanceof z.ZodRecord && step !== undefined ? keysAt(inner.valueType, rest) : [];
}

/** Of several forms the one that is a mapping with keys of its own. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return unwrapped(schema.unwrap());
  if (!(schema instanceof z.ZodUnion)) return schema;
  return schema.options.find((option) => option instanceof z.ZodObject) ?? schema;
}
