import { readSections, type Step } from './guide.js'

/** How to make one of the usual changes. */
export interface Recipe {
  readonly name: string
  readonly text: string
  readonly steps: readonly Step[]
}

const HEADING = /^Recipe: /

/** The recipes of CONTRIBUTING.md, in order. */
export const readRecipes = (): Recipe[] =>
  readSections('CONTRIBUTING.md')
    .filter(({ heading }) => HEADING.test(heading))
    .map(({ heading, text, steps }) => ({ name: heading.replace(HEADING, ''), text, steps }))
