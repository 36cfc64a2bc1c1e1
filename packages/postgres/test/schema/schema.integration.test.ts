import { describe } from 'vitest'
import { openCurrent } from './current-database.js'
import { everySuite } from './suites/every-suite.js'

describe('the schema', () => everySuite(openCurrent))
