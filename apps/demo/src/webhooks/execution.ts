import type { AgentType, ExecutionLogLevel, ExecutionStatus } from '@miyabi/db'
import { stableId } from '../customers/stable-id.js'
import type { Delivery } from './deliveries.js'
import type { Payload, Subject } from './payload.js'

/** The work of an agent on a delivery; its user and its repository are in the database. */
export interface Execution {
  readonly id: string
  readonly agentType: AgentType
  readonly issueNumber: number | null
  readonly status: ExecutionStatus
  readonly startedAt: Date | null
  readonly completedAt: Date | null
  readonly errorMessage: string | null
  readonly options: { readonly delivery: string }
}

/** One log line of the agent. */
export interface LogLine {
  readonly logLevel: ExecutionLogLevel
  readonly message: string
}

interface Work {
  readonly agentType: AgentType
  readonly subject: (payload: Payload) => Subject | undefined
}

/**
 * The kinds that are work for an agent: code was pushed or is under review, a check, run or deployment is in progress,
 * an issue or a pull request changed. The other kinds (stars, labels, memberships, purchases ...) only report an event
 * and are stored only as events.
 */
const WORK: Readonly<Record<string, Work>> = {
  workflow_run: { agentType: 'Coordinator', subject: (payload) => payload.workflow_run },
  workflow_job: { agentType: 'Coordinator', subject: (payload) => payload.workflow_job },
  push: { agentType: 'CodeGen', subject: () => undefined },
  check_run: { agentType: 'Review', subject: (payload) => payload.check_run },
  check_suite: { agentType: 'Review', subject: (payload) => payload.check_suite },
  pull_request_review: { agentType: 'Review', subject: (payload) => payload.review },
  deployment: { agentType: 'Deployment', subject: (payload) => payload.deployment },
  deployment_status: { agentType: 'Deployment', subject: (payload) => payload.deployment_status },
  pull_request: { agentType: 'PR', subject: (payload) => payload.pull_request },
  issues: { agentType: 'Issue', subject: (payload) => payload.issue },
}

/** GitHub's status words, mapped to ours. A word that is not listed means that nothing was done yet: pending. */
const STATUS: Readonly<Record<string, ExecutionStatus>> = {
  in_progress: 'running',
  open: 'running',
  success: 'completed',
  neutral: 'completed',
  skipped: 'completed',
  closed: 'completed',
  commented: 'completed',
  dismissed: 'completed',
  failure: 'failed',
  error: 'failed',
  cancelled: 'failed',
  timed_out: 'failed',
  action_required: 'failed',
}

/** The execution of a delivery, or undefined if it is not work. */
export function toExecution({ name, kind, payload }: Delivery): Execution | undefined {
  const work = WORK[kind]
  if (work === undefined) return undefined
  const subject = work.subject(payload)
  const status = statusOf(subject)
  const hasEnded = status === 'completed' || status === 'failed'
  const startedAt = status === 'pending' ? null : startOf(subject)
  return {
    id: stableId(`execution ${name}`),
    agentType: work.agentType,
    issueNumber: payload.issue?.number ?? payload.pull_request?.number ?? null,
    status,
    startedAt,
    completedAt: hasEnded ? later(startedAt, endOf(subject)) : null,
    errorMessage: status === 'failed' ? `${kind} ended with ${subject?.conclusion ?? subject?.state}` : null,
    options: { delivery: name },
  }
}

/** The agent's log of a delivery: what arrived, the steps of a job, its status. */
export function toLogLines({ kind, payload }: Delivery, execution: Execution): LogLine[] {
  const subject = WORK[kind]?.subject(payload)
  const title = subject?.title ?? subject?.name
  const what = [kind, payload.action, title ? `"${title}"` : undefined].filter((part) => part !== undefined)
  const steps = (subject?.steps ?? []).map((step): LogLine => {
    const outcome = step.conclusion ?? step.status
    return { logLevel: STATUS[outcome] === 'failed' ? 'ERROR' : 'DEBUG', message: `step "${step.name}": ${outcome}` }
  })
  return [
    { logLevel: 'INFO', message: `received ${what.join(' ')}` },
    ...steps,
    { logLevel: execution.status === 'failed' ? 'ERROR' : 'INFO', message: execution.errorMessage ?? execution.status },
  ]
}

function statusOf(subject: Subject | undefined): ExecutionStatus {
  if (subject?.draft && subject.state === 'open') return 'pending'
  return STATUS[subject?.conclusion ?? subject?.state ?? subject?.status ?? ''] ?? 'pending'
}

function startOf(subject: Subject | undefined): Date | null {
  return date(subject?.run_started_at ?? subject?.started_at ?? subject?.created_at ?? subject?.submitted_at)
}

function endOf(subject: Subject | undefined): Date | null {
  return date(subject?.completed_at ?? subject?.closed_at ?? subject?.updated_at ?? subject?.submitted_at)
}

const date = (time: string | undefined): Date | null => (time === undefined ? null : new Date(time))

/** GitHub sometimes reports an end before the start; the table refuses that. */
function later(startedAt: Date | null, completedAt: Date | null): Date | null {
  return startedAt !== null && completedAt !== null && completedAt < startedAt ? startedAt : completedAt
}
