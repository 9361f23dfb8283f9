import type { GraphQLSchema } from 'graphql';
import './all-types.ts';
import { auditRootFields } from './audited.ts';
import { builder } from './builder.ts';

/** The public schema. Importing it does no I/O. */
export const schema: GraphQLSchema = auditRootFields(builder.toSchema());
