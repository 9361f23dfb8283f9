// What the compiler cannot see. Formatting is Prettier's business; import direction and cycles are test/house/imports.test.ts.
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Switching a rule off is a claim; the reason stands behind `--` in the same comment. */
const reasonBesideDisable = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: { missing: 'Say why: `eslint-disable-next-line rule -- reason`.' },
  },
  create: (context) => ({
    Program() {
      for (const comment of context.sourceCode.getAllComments()) {
        if (!/^\s*eslint-disable/.test(comment.value) || /\s--\s+\S/.test(comment.value)) continue;
        context.report({ loc: comment.loc, messageId: 'missing' });
      }
    },
  }),
};

const DATABASE_PACKAGES = [
  { group: ['@prisma/*', 'better-sqlite3'], message: 'The database is src/storage’s alone: use a store.' },
  {
    group: ['**/storage/generated/**'],
    message: 'The Prisma client is src/storage’s alone: use a store, or the type ReadClient.',
  },
];

export default defineConfig(
  {
    ignores: [
      'dist/',
      'coverage/',
      '.lifeline/',
      'src/storage/generated/',
      'src/graphql/generated/',
      'src/client/generated/',
      'console/app/generated/',
    ],
  },
  {
    linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' },
    plugins: { house: { rules: { 'reason-beside-disable': reasonBesideDisable } } },
    rules: {
      'house/reason-beside-disable': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-constant-binary-expression': 'error',
      'no-empty': 'error',
      'no-eval': 'error',
      'no-self-compare': 'error',
      'no-sparse-arrays': 'error',
      'no-unsafe-finally': 'error',
      'no-unsafe-optional-chaining': 'error',
      'no-useless-catch': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // A guard held by `using _name` is used by being held.
      '@typescript-eslint/no-unused-vars': [
        'error',
        { varsIgnorePattern: '^_', argsIgnorePattern: '^_', caughtErrors: 'all' },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      'no-restricted-imports': 'off',
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: DATABASE_PACKAGES }],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'exit',
          message: 'Set process.exitCode and let everything be released.',
        },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[property.name='NODE_ENV']",
          message: 'Production code does not know that it is tested: what a test must change is an option.',
        },
      ],
    },
  },
  {
    // Not one of many parts but the process itself.
    files: ['src/main.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['src/storage/**/*.ts', 'test/storage/**/*.ts', 'test/chaos/**/*.ts', 'scripts/new-migration.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': 'off' },
  },
  {
    // Tests look things up that must be there; a wrong guess fails the test, which is what it is for.
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
);
