import type { Progress } from '../terminal/progress.js'
import type { ValueKind } from './values.js'

/** An option without a value. */
interface Flag {
  readonly type: 'flag'
  readonly description: string
}

/** An option with a value. */
interface ValueOption {
  readonly type: ValueKind<unknown>
  /** In the form in which it is typed. */
  readonly default?: string
  readonly description: string
}

/** Options by their names, without dashes. */
export type Options = Readonly<Record<string, Flag | ValueOption>>

/** The arguments after the command, in this order; all are required. */
export type Arguments = Readonly<Record<string, { readonly type: ValueKind<unknown>; readonly description: string }>>

/** The values of a command line. An absent option without a default is undefined, an absent flag is false. */
export type ValuesOf<A extends Arguments, O extends Options> = {
  readonly [Name in keyof A]: A[Name] extends { readonly type: ValueKind<infer T> } ? T : never
} & {
  readonly [Name in keyof O]: O[Name] extends { readonly type: ValueKind<infer T> }
    ? O[Name] extends { readonly default: string }
      ? T
      : T | undefined
    : boolean
} & { readonly json: boolean }

/** The outcome of a command. */
export interface Outcome {
  /** One of `exitCode`. */
  readonly code: number
  /** The result for `--json`; undefined if the command has already printed it. */
  readonly json: unknown
  /** The result as text; undefined if there is nothing left to print. */
  readonly text?: string | undefined
}

/** The parts of a command's help text. */
export interface CommandFacts {
  /** Details that its summary omits, in whole sentences. */
  readonly details?: string
  /** Whole command lines, each with its purpose. */
  readonly examples: readonly (readonly [line: string, purpose: string])[]
  /** When it ends with 2, as a clause: `a table is missing`. */
  readonly findings?: string
  /** A page of the repository. */
  readonly more?: string
}

/** A command as declared in its file; its name and summary are in the command table. */
export interface CommandDeclaration<A extends Arguments, O extends Options> extends CommandFacts {
  readonly arguments?: A
  readonly options?: O
  /** What `--json` prints: `one object`. */
  readonly json: string
  /** The progress text until the first step is reported; absent for a command that runs until it is ended. */
  readonly busy?: string
  run(call: { readonly args: ValuesOf<A, O>; readonly progress: Progress }): Promise<Outcome>
}
