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
  /** As it would be typed. */
  readonly default?: string
  readonly description: string
}

/** Options by their names, without dashes. */
export type Options = Readonly<Record<string, Flag | ValueOption>>

/** What follows the command, in this order; each is required. */
export type Arguments = Readonly<Record<string, { readonly type: ValueKind<unknown>; readonly description: string }>>

/** What a command line gives a command. An option that is absent and has no default is undefined, a flag false. */
export type ValuesOf<A extends Arguments, O extends Options> = {
  readonly [Name in keyof A]: A[Name] extends { readonly type: ValueKind<infer T> } ? T : never
} & {
  readonly [Name in keyof O]: O[Name] extends { readonly type: ValueKind<infer T> }
    ? O[Name] extends { readonly default: string }
      ? T
      : T | undefined
    : boolean
} & { readonly json: boolean }

/** What a command has done. */
export interface Outcome {
  /** One of `exitCode`. */
  readonly code: number
  /** The result for a program; undefined if the command has printed it itself. */
  readonly json: unknown
  /** The result for a person; undefined if there is nothing left to print. */
  readonly text?: string | undefined
}

/** What a help text says of a command. */
export interface CommandFacts {
  /** What its summary leaves out, in whole sentences. */
  readonly details?: string
  /** Whole command lines, each with its purpose. */
  readonly examples: readonly (readonly [line: string, purpose: string])[]
  /** When it ends with 2, as a clause: `a table is missing`. */
  readonly findings?: string
  /** A page of the repository. */
  readonly more?: string
}

/** A command as its file declares it; its name and summary are in the command table. */
export interface CommandDeclaration<A extends Arguments, O extends Options> extends CommandFacts {
  readonly arguments?: A
  readonly options?: O
  /** What `--json` prints: `one object`. */
  readonly json: string
  /** What it is doing until it reports a step, for a person who waits; absent for one that runs until it is ended. */
  readonly busy?: string
  run(call: { readonly args: ValuesOf<A, O>; readonly progress: Progress }): Promise<Outcome>
}
