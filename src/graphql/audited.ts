import { GraphQLError, type GraphQLField, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { type AuditedAct, isRefusal } from '../domain/audit.ts';
import { LifelineError } from '../domain/errors.ts';
import { asToldOfDisk } from '../storage/disk-full.ts';
import type { AuditExtension } from './audit-subject.ts';
import type { GraphQLContext } from './context.ts';

/**
 * Sees to it that every mutation, and every refusal at another root field, comes into the audit log: around all that the
 * builder's plugins do, so that what they refuse is seen, too. A mutation's entry is stored before it is answered.
 * @throws Error for a mutation that does not say on what it is done
 */
export function auditRootFields(schema: GraphQLSchema): GraphQLSchema {
  for (const field of fieldsOf(schema.getMutationType())) auditMutation(field);
  for (const field of fieldsOf(schema.getQueryType())) {
    const { resolve } = field;
    if (resolve) field.resolve = (...call) => notingRefusals(field.name, call[2], () => resolve(...call));
  }
  for (const field of fieldsOf(schema.getSubscriptionType())) {
    const { subscribe } = field;
    if (subscribe)
      field.subscribe = (...call) => notingRefusals(field.name, call[2], () => subscribe(...call));
  }
  return schema;
}

/** Notes what is refused before, or below, any root field: for being too large, too deep, too much. */
export function auditRefusedOperations(): Plugin {
  return {
    onExecutionResult: ({ result, context }) => {
      // What Yoga was given and passes on; its type here knows only its own part.
      const given = context as unknown as GraphQLContext;
      const errors = (result as { readonly errors?: readonly GraphQLError[] } | undefined)?.errors ?? [];
      for (const { path, extensions } of errors) {
        const code = extensions['code'] as AuditedAct['result'];
        // At a root field it was noted already.
        if (path?.length !== 1 && isRefusal(code)) void note(given, 'GraphQL', null, code);
      }
    },
  };
}

type RootField = GraphQLField<unknown, GraphQLContext, Record<string, unknown>>;

function fieldsOf(type: GraphQLObjectType | null | undefined): readonly RootField[] {
  return Object.values(type?.getFields() ?? {}) as readonly RootField[];
}

function auditMutation(field: RootField): void {
  const { resolve, extensions } = field;
  const { auditSubject } = extensions as Partial<AuditExtension>;
  if (resolve === undefined || auditSubject === undefined)
    throw new Error(`the mutation ${field.name} does not say on what it is done, for the audit log`);
  field.resolve = async (parent, args, context, info) => {
    try {
      const result: unknown = await resolve(parent, args, context, info);
      await note(context, field.name, auditSubject(args, result), 'OK');
      return result;
    } catch (error) {
      await note(context, field.name, auditSubject(args, undefined), codeOf(error));
      throw error;
    }
  };
}

function notingRefusals(action: string, context: GraphQLContext, call: () => unknown): unknown {
  const noting = (error: unknown): never => {
    const code = codeOf(error);
    if (isRefusal(code)) void note(context, action, null, code);
    throw error;
  };
  try {
    const result = call();
    return result instanceof Promise ? result.catch(noting) : result;
  } catch (error) {
    return noting(error);
  }
}

async function note(
  context: GraphQLContext,
  action: string,
  subject: string | null,
  result: AuditedAct['result'],
): Promise<void> {
  await context.services.audit.record({ actor: context, action, subject, result });
}

function codeOf(error: unknown): AuditedAct['result'] {
  const original = asToldOfDisk(error instanceof GraphQLError ? (error.originalError ?? error) : error);
  return original instanceof LifelineError ? original.code : 'INTERNAL';
}
