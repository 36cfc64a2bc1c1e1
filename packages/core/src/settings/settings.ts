import { ConfigError, type SettingFault } from '../errors/config-error.js'
import { type Environment, isSet } from './environment.js'
import type { Setting } from './field.js'
import { printable } from './printable.js'

export type SettingFields = Readonly<Record<string, Setting<unknown>>>

/** The typed values of a group, by variable. Durations are in milliseconds. */
export type SettingValues<Fields extends SettingFields> = {
  readonly [Name in keyof Fields]: Fields[Name] extends Setting<infer T> ? T : never
}

/**
 * A rule over several settings. It receives only the values that are valid on their own, and returns the fault, if any.
 * `isSet` distinguishes a value that the user chose from a default, which is never a fault.
 */
export type SettingRule<Fields extends SettingFields> = (
  values: Partial<SettingValues<Fields>>,
  isSet: (name: keyof Fields & string) => boolean,
) => SettingFault | undefined

/** The settings of one package: the variables it reads, and everything that is generated from them. */
export interface Settings<Fields extends SettingFields = SettingFields> {
  readonly title: string
  readonly fields: Fields
  /** Reads every variable. Returns all faults together; `values` contains the valid ones. */
  check(env: Environment): { readonly values: Partial<SettingValues<Fields>>; readonly faults: readonly SettingFault[] }
  /**
   * Reads every variable.
   * @throws {ConfigError} `config.invalid`, naming every fault, with no secret in it.
   */
  parse(env: Environment): SettingValues<Fields>
}

/** Declares the settings of a package. */
export function defineSettings<Fields extends SettingFields>(definition: {
  readonly title: string
  readonly fields: Fields
  readonly rules?: readonly SettingRule<Fields>[]
}): Settings<Fields> {
  const { title, fields, rules = [] } = definition
  const check: Settings<Fields>['check'] = (env) => {
    const values: Record<string, unknown> = printable({})
    const faults: SettingFault[] = []
    for (const [name, setting] of Object.entries(fields)) {
      const parsed = setting.schema.safeParse(env[name])
      if (parsed.success) values[name] = parsed.data
      else faults.push(fieldFault(name, setting, env[name] ?? '', parsed.problem))
    }
    const typed = values as Partial<SettingValues<Fields>>
    for (const rule of rules) {
      const fault = rule(typed, (name) => isSet(env, name))
      if (fault) faults.push(fault)
    }
    return { values: typed, faults }
  }
  return {
    title,
    fields,
    check,
    parse(env) {
      const { values, faults } = check(env)
      if (faults.length > 0) throw new ConfigError(faults)
      return values as SettingValues<Fields>
    },
  }
}

function fieldFault(name: string, setting: Setting<unknown>, value: string, message: string): SettingFault {
  const shown =
    setting.info.secret || MAY_HOLD_PASSWORD.test(value)
      ? 'the value'
      : JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value)
  return { name, problem: `${shown} ${message}`, expected: setting.info.expected }
}

/** A URL that was pasted into the wrong variable. */
const MAY_HOLD_PASSWORD = /:\/\/|@/
