/** As Prisma's generated client imports it; the package has no declaration. */
declare module '@prisma/client/runtime/*.wasm-base64.mjs' {
  export const wasm: string;
}
