// Writes schemas/lifeline.schema.json from src/service-file/schema.ts. Run: npm run generate:service-file
import { mkdirSync, writeFileSync } from 'node:fs';
import { serviceFileJsonSchema } from '../src/service-file/json-schema.ts';

const directory = new URL('../schemas/', import.meta.url);
mkdirSync(directory, { recursive: true });
writeFileSync(new URL('lifeline.schema.json', directory), serviceFileJsonSchema());
