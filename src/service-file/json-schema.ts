import { z } from 'zod';
import { serviceFileSchema } from './schema.ts';

/** The shape of a lifeline.yaml for editors, as a JSON Schema (draft 7, which they all know); text with a newline at its end. */
export function serviceFileJsonSchema(): string {
  const schema = z.toJSONSchema(serviceFileSchema, { io: 'input', target: 'draft-7' });
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
