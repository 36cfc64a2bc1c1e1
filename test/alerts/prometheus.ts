import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@miyabi/testing'
import { stringify } from 'yaml'
import { RULES } from '../monitoring/expressions.js'
import { root } from '../workspace.js'
import { prometheusPrograms } from './prometheus-package.js'

/** How many times faster than in production time passes for the rules: a minute is three seconds. */
const FASTER = 20

/** A real Prometheus with our rules. */
export interface Prometheus extends AsyncDisposable {
  /** Scrapes these from now on, and nothing else; each under the name that its alerts have as `instance`. */
  scrape(targets: Readonly<Record<string, string>>): void
  /** The names of the alerts of an instance that fire. */
  firing(instance: string): Promise<readonly string[]>
  /** Resolves once Prometheus has scraped this instance. */
  scraped(instance: string): Promise<void>
}

export async function startPrometheus(): Promise<Prometheus> {
  const { prometheus } = await prometheusPrograms()
  const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-prometheus-'))
  const inFolder = (name: string): string => path.join(folder, name)
  const rules = readFileSync(path.join(root, RULES), 'utf8')
  writeFileSync(
    inFolder('rules.yml'),
    rules.replaceAll(/(?<=\[|for: )(\d+)m\b/g, (_, minutes: string) => `${(Number(minutes) * 60) / FASTER}s`),
  )
  const targets = inFolder('targets.json')
  writeFileSync(targets, '[]')
  const configuration = {
    global: { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' },
    rule_files: ['rules.yml'],
    scrape_configs: [
      {
        job_name: 'app',
        scrape_interval: '1s',
        scrape_timeout: '1s',
        file_sd_configs: [{ files: [targets], refresh_interval: '1s' }],
      },
    ],
  }
  writeFileSync(inFolder('prometheus.yml'), stringify(configuration))
  const port = await freePort()
  const flags = {
    'config.file': inFolder('prometheus.yml'),
    'storage.tsdb.path': inFolder('data'),
    'web.listen-address': `127.0.0.1:${port}`,
    'log.level': 'error',
  }
  const child = spawn(
    prometheus,
    Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )
  process.once('exit', () => child.kill('SIGKILL'))

  const query = async (expr: string): Promise<readonly { readonly metric: Readonly<Record<string, string>> }[]> => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expr)}`)
    const { data } = (await response.json()) as { data: { result: { metric: Record<string, string> }[] } }
    return data.result
  }
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Prometheus ended with ${child.exitCode}`)
    const isReady = await fetch(`http://127.0.0.1:${port}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isReady) break
    await sleep(50)
  }
  return {
    scrape(wanted) {
      const list = Object.entries(wanted).map(([instance, url]) => ({
        targets: [new URL(url).host],
        labels: { instance },
      }))
      writeFileSync(targets, JSON.stringify(list))
    },
    async firing(instance) {
      const alerts = await query(`ALERTS{alertstate="firing",instance="${instance}"}`)
      return [...new Set(alerts.map(({ metric }) => metric['alertname'] ?? ''))].sort()
    },
    async scraped(instance) {
      while ((await query(`miyabi_ready{instance="${instance}"}`)).length === 0) await sleep(100)
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await once(child, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
