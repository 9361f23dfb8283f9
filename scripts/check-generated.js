/** The committed generated files are what their generators make today. Leaves the tree as it was. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const root = join(import.meta.dirname, '..');
const TYPED_DOCUMENTS = ['src/client/generated', 'console/app/generated'];

const committed = snapshot();
let current;
try {
  execFileSync('npm', ['run', '--silent', 'generate:schema'], { cwd: root, stdio: 'inherit' });
  execFileSync('npm', ['run', '--silent', 'codegen'], { cwd: root, stdio: 'inherit' });
  execFileSync('npm', ['run', '--silent', 'generate:service-file'], { cwd: root, stdio: 'inherit' });
  current = snapshot();
} finally {
  restore(committed);
}

const stale = [...new Set([...committed.keys(), ...current.keys()])].filter(
  (file) => committed.get(file) !== current.get(file),
);
for (const file of stale) process.stderr.write(`${file} is not current: run \`npm run generate\`.\n`);
process.exitCode = stale.length === 0 ? 0 : 1;

function snapshot() {
  const files = TYPED_DOCUMENTS.flatMap((documents) =>
    existsSync(join(root, documents))
      ? readdirSync(join(root, documents)).map((name) => `${documents}/${name}`)
      : [],
  );
  return new Map(
    ['schema.graphql', 'schemas/lifeline.schema.json', ...files]
      .filter((file) => existsSync(join(root, file)))
      .map((file) => [file, readFileSync(join(root, file), 'utf8')]),
  );
}

function restore(files) {
  for (const documents of TYPED_DOCUMENTS) {
    rmSync(join(root, documents), { recursive: true, force: true });
    mkdirSync(join(root, documents), { recursive: true });
  }
  for (const [file, text] of files) writeFileSync(join(root, file), text);
}
