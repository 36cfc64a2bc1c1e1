import { describe, expect, it } from 'vitest'
import { runPrisma } from '../src/index.js'
import { createTestProject, DATASOURCE } from './support/project.js'

describe('runPrisma', () => {
  it('runs the CLI with our engine, also where no configuration names it, and captures what it prints', async () => {
    const project = createTestProject({ 'main.prisma': DATASOURCE })
    project.write('prisma.config.ts', 'export default {}\n')
    const { PATH } = process.env
    const result = await runPrisma(['--version'], { cwd: project.folder, env: { PATH }, stdio: 'pipe' })
    expect(result.stdout).toMatch(/Schema Engine +: schema-engine-cli [0-9a-f]{40} \(at .*bin\/schema-engine\.mjs/)
    expect(result.exitCode).toBe(0)
  })

  it("passes the CLI's exit code and error on", async () => {
    const project = createTestProject({ 'main.prisma': 'model A {}\n' })
    const result = await runPrisma(['validate'], { cwd: project.folder, env: process.env, stdio: 'pipe' })
    expect(result.stderr).toContain('P1012')
    expect(result.exitCode).toBe(1)
  })
})
