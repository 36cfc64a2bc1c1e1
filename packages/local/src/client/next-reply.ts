import type { Owner } from '../shared/owner-file.js'
import type { Reply } from '../shared/protocol.js'
import { ControlClient } from './control-client.js'
import { LocalError } from './errors.js'

/** Far longer than a supervisor that lives needs to say anything, which takes it a millisecond. */
const ANSWER_MS = 5_000

/**
 * How long a request that takes its time goes on before the supervisor is asked whether it lives, and between two such
 * questions.
 */
const ASK_AFTER_MS = 300

const SILENT = Symbol('silent')

/** What `reply` gives, or `SILENT` after `ms`. */
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
 * The next reply to a request that may take long, such as a start; undefined when the connection is over. A supervisor
 * that says nothing is asked now and then whether it lives.
 * @throws {LocalError} `local.supervisor.unresponsive` where it does not.
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
 * What the supervisor says of itself; undefined when it has ended.
 * @throws {LocalError} `local.supervisor.unresponsive` where it says nothing.
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
    `The supervisor of the embedded stack, process ${pid}, does not answer within ${ANSWER_MS / 1000} s: it was stopped, or it hangs`,
    {
      details: { pid },
      retryable: true,
      remedy: `\`kill -CONT ${pid}\` lets a stopped one go on; \`kill -9 ${pid}\` ends it, and the next start takes its servers over`,
    },
  )
}
