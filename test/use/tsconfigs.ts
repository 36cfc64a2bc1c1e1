/** A tsconfig.json for a server that Node runs. */
export const tsconfig = (compilerOptions: object): string =>
  JSON.stringify({
    compilerOptions: {
      target: 'es2022',
      lib: ['es2023', 'esnext.disposable'],
      strict: true,
      esModuleInterop: true,
      skipLibCheck: true,
      types: ['node'],
      rootDir: 'src',
      outDir: 'dist',
      ...compilerOptions,
    },
    include: ['src'],
  })
