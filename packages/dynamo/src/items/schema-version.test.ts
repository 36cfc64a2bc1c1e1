import { describe, expect, expectTypeOf, it } from 'vitest'
import { ItemShapeError, itemShapes } from './schema-version.js'

interface Task {
  readonly id: string
  readonly name: string
  readonly labels: readonly string[]
  /** Of shape 1, which had one label. */
  readonly label?: string
  readonly schemaVersion: number
}

const shapes = itemShapes<Task>('task', [
  ({ label, ...task }) => ({ ...task, labels: label === undefined ? [] : [label] }),
  (task) => ({ ...task, name: task.name.trim() }),
])

/** An item as it comes from the table: of an older shape, whatever its type says. */
const stored = (item: Partial<Task>): Task => item as Task

describe('itemShapes', () => {
  it('lifts an item of the first shape through all that followed', () => {
    expect(shapes.upcast(stored({ id: 'a', name: ' n ', label: 'x', schemaVersion: 1 }))).toEqual({
      id: 'a',
      name: 'n',
      labels: ['x'],
      schemaVersion: 3,
    })
  })

  it('begins at the shape the item has', () => {
    expect(shapes.upcast(stored({ id: 'a', name: ' n ', labels: ['y'], label: 'x', schemaVersion: 2 }))).toMatchObject({
      name: 'n',
      labels: ['y'],
      label: 'x',
    })
  })

  it('leaves an item of the current shape as it is', () => {
    const item = stored({ id: 'a', name: ' n ', schemaVersion: 3 })
    expect(shapes.upcast(item)).toBe(item)
    expect(shapes.current).toBe(3)
    expect(itemShapes('plain').current).toBe(1)
  })

  it.each([4, 0, 1.5, undefined])('refuses shape %s instead of misreading it', (schemaVersion) => {
    const read = () => shapes.upcast({ id: 'a', name: 'n', labels: [], schemaVersion } as unknown as Task)
    expect(read).toThrow(ItemShapeError)
    expect(read).toThrow(/task is stored in shape .*reads shapes 1 to 3/)
  })

  it('gives back the type it was made for', () => {
    expectTypeOf(shapes.upcast).returns.toEqualTypeOf<Task>()
  })
})
