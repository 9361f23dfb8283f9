import { noteLine } from '../../service-file/import/imported.ts';
import { importProcessCompose } from '../../service-file/import/process-compose.ts';
import { importProcfile } from '../../service-file/import/procfile.ts';
import { serviceFileJsonSchema } from '../../service-file/json-schema.ts';
import { writeEntries } from '../../service-file/write-service-file.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT } from '../exit-codes.ts';
import { harmlessText } from '../harmless-text.ts';
import { orComplaint, readGivenFile } from '../read-services.ts';

export type ImportFormat = 'procfile' | 'process-compose';

/** `lifeline import`: another format as a lifeline.yaml on standard output, and what does not carry over on standard error. */
export async function importFile(
  context: CommandContext,
  format: ImportFormat,
  path: string,
): Promise<number> {
  const { name, text } = await readGivenFile(path, context.directory);
  const { services, notes } = orComplaint(() =>
    format === 'procfile' ? importProcfile(text) : importProcessCompose(text, name),
  );
  await context.output.write(writeEntries(services));
  const lines = notes.map((note) => `${noteLine(note)}\n`).join('');
  await context.errors.write(harmlessText(lines, { colours: false }));
  return EXIT.OK;
}

/** `lifeline schema`: the JSON Schema of a lifeline.yaml, for editors. */
export async function schema(context: CommandContext): Promise<number> {
  await context.output.write(serviceFileJsonSchema());
  return EXIT.OK;
}
