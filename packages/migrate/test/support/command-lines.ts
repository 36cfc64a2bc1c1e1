import { readdirSync, readFileSync } from 'node:fs'

/** Collects the command lines of all processes that run meanwhile, as every user of a Linux machine may. */
export class CommandLines {
  readonly seen = new Set<string>()
  readonly #timer = setInterval(() => this.#look(), 10)

  end(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue
      try {
        this.seen.add(readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' '))
      } catch {
        // ended while we looked
      }
    }
  }
}
