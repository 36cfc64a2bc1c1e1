#!/usr/bin/env node
// The executable that PRISMA_SCHEMA_ENGINE_BINARY names. The Prisma CLI starts it in place of its native engine.
import '../dist/engine/main.js'
