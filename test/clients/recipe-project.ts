import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { MAIN_PATH } from '../end-to-end/harness/lifeline-server.ts';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = join(ROOT, 'docs/clients.md');
/** What a project of somebody's own would have installed. */
const PACKAGES = [
  '@apollo/client',
  '@types/node',
  '@urql/core',
  'graphql',
  'graphql-sse',
  'rxjs',
  'tsx',
  'typescript',
];

/** A program of docs/clients.md. */
export interface Recipe {
  /** Its file name: the first word of the comment that it begins with. */
  readonly name: string | undefined;
  readonly language: string;
  readonly source: string;
}

/** All fenced blocks of the page, in order. */
export function recipes(): Recipe[] {
  const fences = readFileSync(PAGE, 'utf8').matchAll(/^```(\w*)\n(.*?)^```$/gms);
  return [...fences].map(([, language, source]) => ({
    name: /^(?:#|\/\/) ([\w-]+\.\w+)/.exec(source!)?.[1],
    language: language!,
    source: source!,
  }));
}

/**
 * Guard of a project of somebody's own: a directory with the programs of docs/clients.md as they stand there, beside the
 * packages that they import, the one under test among them.
 */
export class RecipeProject implements Disposable {
  readonly #scratch = new ScratchDirectory();

  constructor() {
    for (const { name, source } of recipes()) if (name !== undefined) this.write(name, source);
    this.write('package.json', JSON.stringify({ type: 'module' }));
    this.#install('lifelined', dirname(dirname(MAIN_PATH)));
    for (const name of PACKAGES) this.#install(name, join(ROOT, 'node_modules', name));
  }

  get directory(): string {
    return this.#scratch.path;
  }

  /** A path inside. */
  file(name: string): string {
    return this.#scratch.file(name);
  }

  write(name: string, text: string): void {
    writeFileSync(this.file(name), text);
  }

  /** Puts the place of a server where settings.ts has an example of one. */
  setServer({ url, token }: { readonly url: string; readonly token: string }): void {
    const example = readFileSync(this.file('settings.ts'), 'utf8');
    const settings = example
      .replace('http://127.0.0.1:4000', url)
      .replace('the text in .lifeline/token', token);
    this.write('settings.ts', settings);
  }

  /** What the compiler has against the TypeScript among them, as a browser project would see it. */
  async complaints(): Promise<string> {
    const compilerOptions = {
      noEmit: true,
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noPropertyAccessFromIndexSignature: true,
      skipLibCheck: true,
      target: 'ES2022',
      lib: ['ES2023', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
      types: ['node'],
      module: 'ESNext',
      moduleResolution: 'Bundler',
    };
    this.write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    const compiler = this.file('node_modules/typescript/lib/tsc.js');
    return promisify(execFile)(process.execPath, [compiler, '-p', this.directory]).then(
      () => '',
      (error: unknown) => (error as { stdout: string }).stdout,
    );
  }

  [Symbol.dispose](): void {
    this.#scratch[Symbol.dispose]();
  }

  #install(name: string, target: string): void {
    const link = this.file(`node_modules/${name}`);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(target, link);
  }
}
