import { expect, it } from 'vitest'
import { diffCatalogs } from './diff.js'
import type { CatalogEntry } from './entry.js'
import { renderCatalogDiff } from './render.js'

const people: CatalogEntry = { kind: 'table', name: 'public.people', definition: 'owned by CURRENT_USER' }
const column = (definition: string): CatalogEntry => ({
  kind: 'column',
  name: 'public.people.age',
  definition,
  on: 'public.people',
})

it('shows what is missing, left over or different, and only counts the parts of a missing or unexpected object', () => {
  const view: CatalogEntry = { kind: 'view', name: 'public.v', definition: 'as SELECT 1' }
  expect(renderCatalogDiff(diffCatalogs([people, column('int')], [view]))).toBe(
    '- table public.people (with 1 more)\n      owned by CURRENT_USER\n+ view public.v\n      as SELECT 1',
  )
  expect(renderCatalogDiff(diffCatalogs([people, column('int')], [people, column('')]))).toBe(
    '~ column public.people.age\n    expected\n      int\n    found\n      (nothing more)',
  )
  expect(diffCatalogs([people, view], [view, people])).toEqual([])
})
