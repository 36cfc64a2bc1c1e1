// What a package says of itself only inside of this workspace is left out of what is packed.
export const hooks = {
  /** The condition by which tests read sources: they are not packed. */
  beforePacking(manifest) {
    for (const entry of Object.values(manifest.exports ?? {})) delete entry['@miyabi/source']
    delete manifest.devDependencies
    delete manifest.scripts
    return manifest
  },
}
