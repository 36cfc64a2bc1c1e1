/** The part of the WebAssembly API that is used here. TypeScript declares it in its browser library only. */
declare namespace WebAssembly {
  type Imports = Readonly<Record<string, object>>
  type Exports = Readonly<Record<string, unknown>>

  class RuntimeError extends Error {}

  function instantiate(
    bytes: Uint8Array,
    imports: Imports,
  ): Promise<{ readonly instance: { readonly exports: Exports } }>
}
