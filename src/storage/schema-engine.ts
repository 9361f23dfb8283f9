import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** Guard of a schema engine and of the connections that it made: freeing the engine alone leaves them open. */
export interface OpenSchemaEngine extends AsyncDisposable {
  readonly engine: bindings.SchemaEngine;
}

/**
 * Prisma's own schema engine as WebAssembly: nothing is downloaded. Node 20 cannot import WebAssembly as a module,
 * so it is instantiated here.
 * @param schema text of schema.prisma
 */
export async function openSchemaEngine(
  schema: string,
  adapter: SqlMigrationAwareDriverAdapterFactory,
): Promise<OpenSchemaEngine> {
  const connections: SqlDriverAdapter[] = [];
  const remember = async (connecting: Promise<SqlDriverAdapter>): Promise<SqlDriverAdapter> => {
    const connection = await connecting;
    connections.push(connection);
    return connection;
  };
  await loadBindings();
  const engine = await bindings.SchemaEngine.new(
    { datamodels: [['schema.prisma', schema]] },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory({
      provider: adapter.provider,
      adapterName: adapter.adapterName,
      connect: () => remember(adapter.connect()),
      connectToShadowDb: () => remember(adapter.connectToShadowDb()),
    }),
  );
  return {
    engine,
    [Symbol.asyncDispose]: async () => {
      engine.free();
      await Promise.all(connections.map((connection) => connection.dispose()));
    },
  };
}

/**
 * Once in a process. The bindings are one module with a memory of its own, whose views of it they keep: a second
 * instance under them would be spoken to through the memory of the first, and never answer.
 */
let loading: Promise<void> | undefined;

async function loadBindings(): Promise<void> {
  loading ??= instantiate();
  return loading;
}

async function instantiate(): Promise<void> {
  const bindingsPath = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const wasm = await readFile(bindingsPath.replace(/\.js$/, '.wasm'));
  const { instance } = await WebAssembly.instantiate(wasm, {
    './schema_engine_bg.js': bindings,
  });
  const loader = bindings as unknown as { __wbg_set_wasm(exports: WebAssembly.Exports): void };
  loader.__wbg_set_wasm(instance.exports);
  (instance.exports['__wbindgen_start'] as () => void)();
}
