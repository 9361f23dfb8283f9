import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import ts from 'typescript';
import { build, type Rolldown } from 'vite';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

/** Compiles a program that imports the built package, as a browser project would: with the DOM, without Node's types. */
function complaintsAbout(source: string, moduleResolution: ts.ModuleResolutionKind): string[] {
  const path = join(ROOT, 'consumer.ts');
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    skipDefaultLibCheck: true,
    exactOptionalPropertyTypes: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'],
    types: [],
    module:
      moduleResolution === ts.ModuleResolutionKind.Bundler ? ts.ModuleKind.ESNext : ts.ModuleKind.NodeNext,
    moduleResolution,
  };
  const host = ts.createCompilerHost(options);
  const fromDisk = { read: host.getSourceFile.bind(host), exists: host.fileExists.bind(host) };
  host.fileExists = (file) => file === path || fromDisk.exists(file);
  host.getSourceFile = (file, ...rest) =>
    file === path ? ts.createSourceFile(file, source, ts.ScriptTarget.ES2022) : fromDisk.read(file, ...rest);
  return ts
    .getPreEmitDiagnostics(ts.createProgram([path], options, host))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

const CONSUMER = `
  import { createLifelineClient, LifelineRequestError } from 'lifelined/client';
  const client = createLifelineClient({ url: 'http://127.0.0.1:4000', token: 'secret' });
  const job = await client.startJob({ command: ['true'] });
  for await (const event of client.followJobLogs(job.id)) {
    if (event.__typename === 'LogLines') event.lines.map(({ seq }): number => seq);
    if (event.__typename === 'LogDone') event.job.exitCode satisfies number | null;
  }
`;

describe('the package export lifelined/client', () => {
  it.each([
    ['Node', ts.ModuleResolutionKind.NodeNext],
    ['a bundler', ts.ModuleResolutionKind.Bundler],
  ])('is typed for %s', (_, moduleResolution) => {
    expect(complaintsAbout(CONSUMER, moduleResolution)).toEqual([]);
  });

  it('refuses what the schema does not know', () => {
    const wrong = `${CONSUMER} await client.startJob({ command: 'true' });`;
    expect(complaintsAbout(wrong, ts.ModuleResolutionKind.NodeNext)).toEqual([
      expect.stringContaining("'string' is not assignable"),
    ]);
  });

  it('is small, and needs no other package in a browser', async () => {
    const result = await build({
      configFile: false,
      root: ROOT,
      logLevel: 'error',
      build: {
        write: false,
        target: 'es2022',
        lib: { entry: 'dist/client/client.js', formats: ['es'] },
        rolldownOptions: { external: (name) => !/^[./]/.test(name) },
      },
    });
    const [output] = (Array.isArray(result) ? result : [result]) as [Rolldown.RolldownOutput];
    const [chunk, ...others] = output.output;
    expect(others).toEqual([]);
    expect(chunk.imports).toEqual([]);
    expect(gzipSync(chunk.code).length).toBeLessThan(6_000);
  });
});
