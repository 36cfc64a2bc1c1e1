import { currentSeed } from '@miyabi/testing'
import fc from 'fast-check'

// What fast-check tries follows the seed of the run, as all random choices do.
fc.configureGlobal({ seed: currentSeed() })
