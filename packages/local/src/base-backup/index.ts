export { verifyManifest } from './manifest.js'
export { type BackupFrame, type BaseBackupOptions, receiveBaseBackup, replicationCommand } from './receive.js'
export { type TarEntry, TarReader, type TarSink } from './tar.js'
export { type Owner, unpackBaseBackup } from './unpack.js'
