import type { Owner } from '../shared/owner-file.js'
import type { Reply } from '../shared/protocol.js'
import { ControlClient } from './control-client.js'
import { LocalError } from './errors.js'

/** Much longer than a live supervisor needs to answer, which takes about a millisecond. */
const ANSWER_MS = 5_000

/**
 * How long a slow request may run before the supervisor is checked for being alive, and the interval between such
 * checks.
 */
const ASK_AFTER_MS = 300

const SILENT = Symbol('silent')

/** The value of `reply`, or `SILENT` after `ms`. */
async function unlessSilent<T>(reply: Promise<T>, ms: number): Promise<T | typeof SILENT> {
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<typeof SILENT>((resolve) => {
    timer = setTimeout(() => resolve(SILENT), ms)
  })
  try {
    return await Promise.race([reply, silence])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Returns the next reply to a request that may take long, such as a start; undefined when the connection is closed. A
 * silent supervisor is occasionally checked for being alive.
 * @throws {LocalError} `local.supervisor.unresponsive` if it does not answer.
 */
export async function nextReply(client: ControlClient, owner: Owner): Promise<Reply | undefined> {
  const next = client.next()
  for (;;) {
    const reply = await unlessSilent(next, ASK_AFTER_MS)
    if (reply !== SILENT) return reply
    await askStatus(owner)
  }
}

/**
 * The supervisor's status; undefined if it has ended.
 * @throws {LocalError} `local.supervisor.unresponsive` if it does not answer.
 */
export async function askStatus(owner: Owner): Promise<Reply | undefined> {
  const client = new ControlClient(owner)
  client.ref()
  client.send({ type: 'status' })
  try {
    const reply = await unlessSilent(client.next(), ANSWER_MS)
    if (reply === SILENT) throw unresponsive(owner)
    return reply
  } finally {
    client.destroy()
  }
}

function unresponsive({ pid }: Owner): LocalError {
  return new LocalError(
    'local.supervisor.unresponsive',
    `The supervisor of the embedded stack, process ${pid}, did not answer within ${ANSWER_MS / 1000} s: it is stopped or hangs`,
    {
      details: { pid },
      retryable: true,
      remedy: `\`kill -CONT ${pid}\` resumes a stopped one; \`kill -9 ${pid}\` ends it, and the next start takes over its servers`,
    },
  )
}
