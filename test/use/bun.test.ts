import { describe, expect, it } from 'vitest'
import { writeFiles } from '../packed/project.js'
import { makeApplication } from './application.js'

describe('Bun', () => {
  it('reads as a person, appends an event, and ends', async () => {
    await using application = await makeApplication({ pages: [], dependencies: { bun: '1' }, type: 'module' })
    await writeFiles(application.folder, {
      'src/main.ts': `import { database } from './database.js'

const { items } = await database.dynamodb.events.byUser('nobody')
const usage = await database.as({ userId: process.argv[2] ?? '' }).pg.usageAggregate.findMany()
await database.close()
console.log(JSON.stringify({ runtime: process.versions.bun !== undefined, events: items.length, usage: usage.length }))
`,
    })
    const output = await application.run(
      'env',
      ...Object.entries(application.env).map(([name, value]) => `${name}=${value}`),
      'bun',
      'src/main.ts',
      application.userId,
    )
    expect(JSON.parse(output)).toEqual({ runtime: true, events: 0, usage: 1 })
  })
})
