import { types } from 'node:util'
import { Prisma } from '@miyabi/postgres/on-demand'
import { CacheError } from '../errors/cache-error.js'

/** The first byte of each value is its kind. Only these kinds are decoded: stored bytes cannot name another one. */
const NULL = 0
const UNDEFINED = 1
const TRUE = 2
const FALSE = 3
const NUMBER = 4
const BIGINT = 5
const TEXT = 6
/** A text with a lone surrogate, which UTF-8 cannot represent. */
const WIDE_TEXT = 7
const DATE = 8
const DECIMAL = 9
const BYTES = 10
const ARRAY = 11
const OBJECT = 12

/** Maximum nesting depth of a value. */
export const MAX_DEPTH = 100

/** A buffer that grows. */
class Writer {
  #bytes = Buffer.allocUnsafe(512)
  length = 0

  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.length++] = value
  }

  size(value: number): void {
    this.#room(4)
    this.length = this.#bytes.writeUInt32LE(value, this.length)
  }

  double(value: number): void {
    this.#room(8)
    this.length = this.#bytes.writeDoubleLE(value, this.length)
  }

  text(value: string, encoding: 'utf8' | 'utf16le' = 'utf8'): void {
    const size = Buffer.byteLength(value, encoding)
    this.size(size)
    this.#room(size)
    this.length += this.#bytes.write(value, this.length, encoding)
  }

  raw(value: Uint8Array): void {
    this.size(value.length)
    this.#room(value.length)
    this.#bytes.set(value, this.length)
    this.length += value.length
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.length)
  }

  #room(size: number): void {
    if (this.length + size <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.length + size))
    this.#bytes.copy(larger, 0, 0, this.length)
    this.#bytes = larger
  }
}

/**
 * Encodes a value to bytes from which `decode` restores it: null, undefined, booleans, numbers, bigints, strings,
 * dates, decimals and bytes, in arrays and plain objects.
 * @param name the name of the value in errors.
 * @throws {CacheError} `db.cache.not_cacheable`
 */
export function encode(value: unknown, name = 'value'): Buffer {
  const writer = new Writer()
  write(writer, value, name, 0)
  return writer.bytes
}

const refuse = (path: string, problem: string): never => {
  throw new CacheError('db.cache.not_cacheable', `${path} ${problem}`, { details: { argument: path } })
}

function write(writer: Writer, value: unknown, path: string, depth: number): void {
  switch (typeof value) {
    case 'undefined':
      writer.byte(UNDEFINED)
      break
    case 'boolean':
      writer.byte(value ? TRUE : FALSE)
      break
    case 'number':
      writer.byte(NUMBER)
      writer.double(value)
      break
    case 'bigint':
      writer.byte(BIGINT)
      writer.text(String(value))
      break
    case 'string':
      writeText(writer, value)
      break
    case 'object':
      if (value === null) writer.byte(NULL)
      else writeObject(writer, value, path, depth)
      break
    default:
      refuse(path, `is a ${typeof value}`)
  }
}

function writeText(writer: Writer, value: string): void {
  const isWide = /\p{Surrogate}/u.test(value)
  writer.byte(isWide ? WIDE_TEXT : TEXT)
  writer.text(value, isWide ? 'utf16le' : 'utf8')
}

function writeObject(writer: Writer, value: object, path: string, depth: number): void {
  if (types.isDate(value)) {
    writer.byte(DATE)
    writer.double(value.getTime())
  } else if (types.isUint8Array(value)) {
    writer.byte(BYTES)
    writer.raw(value)
  } else if (!isPlain(value) && Prisma.Decimal.isDecimal(value)) {
    // `isDecimal` checks a property name, which plain data may also have.
    writer.byte(DECIMAL)
    writer.text(String(value))
  } else {
    writeMembers(writer, value, path, depth)
  }
}

function writeMembers(writer: Writer, value: object, path: string, depth: number): void {
  if (depth === MAX_DEPTH) refuse(path, `is nested more than ${MAX_DEPTH} levels deep`)
  if (Array.isArray(value)) {
    writer.byte(ARRAY)
    writer.size(value.length)
    for (let index = 0; index < value.length; index++) write(writer, value[index], `${path}[${index}]`, depth + 1)
    return
  }
  if (!isPlain(value)) refuse(path, 'is an instance of a class')
  const names = Object.keys(value)
  writer.byte(OBJECT)
  writer.size(names.length)
  for (const name of names) {
    writeText(writer, name)
    write(writer, (value as Readonly<Record<string, unknown>>)[name], `${path}.${name}`, depth + 1)
  }
}

/** Accepts plain objects of another realm too, whose `Object.prototype` is a different one. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/**
 * Returns the value that `encode` encoded.
 * @throws {RangeError} for anything else.
 */
export function decode(bytes: Buffer): unknown {
  const reader = new Reader(bytes)
  const value = reader.value(0)
  if (!reader.isAtEnd) throw new RangeError('bytes are left over')
  return value
}

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  value(depth: number): unknown {
    const kind = this.#bytes.readUInt8(this.#at++)
    switch (kind) {
      case NULL:
        return null
      case UNDEFINED:
        return undefined
      case TRUE:
        return true
      case FALSE:
        return false
      case NUMBER:
        return this.#double()
      case BIGINT:
        return this.#bigint()
      case TEXT:
        return this.#text('utf8')
      case WIDE_TEXT:
        return this.#text('utf16le')
      case DATE:
        return new Date(this.#double())
      case DECIMAL:
        return new Prisma.Decimal(this.#text('utf8'))
      case BYTES:
        return Uint8Array.from(this.#slice())
      case ARRAY:
        return this.#array(depth)
      case OBJECT:
        return this.#object(depth)
      default:
        throw new RangeError('an unknown kind of value')
    }
  }

  #double(): number {
    this.#at += 8
    return this.#bytes.readDoubleLE(this.#at - 8)
  }

  /** Reads a count. Each counted element has at least one byte. */
  #size(): number {
    const size = this.#bytes.readUInt32LE(this.#at)
    this.#at += 4
    if (size > this.#bytes.length - this.#at) throw new RangeError('a size beyond the end')
    return size
  }

  #slice(): Buffer {
    const size = this.#size()
    this.#at += size
    return this.#bytes.subarray(this.#at - size, this.#at)
  }

  #text(encoding: 'utf8' | 'utf16le'): string {
    const size = this.#size()
    this.#at += size
    return this.#bytes.toString(encoding, this.#at - size, this.#at)
  }

  #bigint(): bigint {
    const text = this.#text('utf8')
    if (!/^-?\d+$/.test(text)) throw new RangeError('no bigint')
    return BigInt(text)
  }

  #array(depth: number): unknown[] {
    if (depth === MAX_DEPTH) throw new RangeError('nested too deep')
    return Array.from({ length: this.#size() }, () => this.value(depth + 1))
  }

  #object(depth: number): Record<string, unknown> {
    if (depth === MAX_DEPTH) throw new RangeError('nested too deep')
    const made: Record<string, unknown> = {}
    for (let left = this.#size(); left > 0; left--) {
      const name = this.value(depth)
      if (typeof name !== 'string') throw new RangeError('a name that is no text')
      put(made, name, this.value(depth + 1))
    }
    return made
  }
}

function put(made: Record<string, unknown>, name: string, value: unknown): void {
  // Assigning this name would set the prototype.
  if (name !== '__proto__') made[name] = value
  else Object.defineProperty(made, name, { value, configurable: true, enumerable: true, writable: true })
}
