import type { CodegenConfig } from '@graphql-codegen/cli';

/**
 * Typed documents of src/client (with those of src/cli) and of the console. Documents are strings
 * (`documentMode: 'string'`): no GraphQL parser or AST in a bundle. Fragments are inlined and not masked: the client's
 * own types are built from them.
 */
const typedDocuments = (documents: string[]): CodegenConfig['generates'][string] => ({
  documents,
  preset: 'client',
  presetConfig: { fragmentMasking: false, skipIndexFile: true },
  config: {
    documentMode: 'string',
    enumType: 'string-literal',
    importExtension: '.ts',
    emitLegacyCommonJSImports: false,
    useTypeImports: true,
    immutableTypes: true,
    avoidOptionals: false,
    strictScalars: true,
    skipTypeNameForRoot: true,
    scalars: {
      ID: { input: 'string', output: 'string' },
      DateTime: 'string',
      SafeInt: 'number',
    },
  },
});

const config: CodegenConfig = {
  schema: 'schema.graphql',
  generates: {
    'src/client/generated/': typedDocuments([
      'src/client/documents/*.graphql',
      'src/cli/documents/*.graphql',
    ]),
    'console/app/generated/': typedDocuments(['console/app/documents/*.graphql']),
  },
};

export default config;
