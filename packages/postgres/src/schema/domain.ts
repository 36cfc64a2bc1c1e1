/**
 * The values that text columns may hold, and the shapes of jsonb columns. PostgreSQL checks the values (a constraint
 * `<table>_<column>_known` for each list below, and a test that both say the same); the generated client has these
 * types. How: docs/decisions/0003-text-states-or-enums.md
 */

/** What a marketplace user may do: `users.role`. */
export const userRoles = ['user', 'admin'] as const
export type UserRole = (typeof userRoles)[number]

/** What a plugin, a subscription or a license is sold as: `tier`. */
export const pluginTiers = ['free', 'pro', 'enterprise', 'addon'] as const
export type PluginTier = (typeof pluginTiers)[number]

/** How often a plugin's price is due: `plugins.billing_period`. */
export const billingPeriods = ['monthly', 'yearly', 'one-time'] as const
export type BillingPeriod = (typeof billingPeriods)[number]

/** Where a subscription stands: `subscriptions.status`. */
export const subscriptionStatuses = ['active', 'canceled', 'past_due', 'trial'] as const
export type SubscriptionStatus = (typeof subscriptionStatuses)[number]

/** What a marketplace user did with a plugin: `usage_events.event_type`. */
export const usageEventTypes = ['issue_processed', 'agent_executed', 'command_used'] as const
export type UsageEventType = (typeof usageEventTypes)[number]

/** What of a plugin's use is counted by events, as columns of `usage_aggregates`: `usage_events.meter`. */
export const usageMeters = ['issues', 'tokens', 'agent_executions'] as const
export type UsageMeter = (typeof usageMeters)[number]

/** Where a submitted plugin stands: `plugin_submissions.status`. */
export const submissionStatuses = ['pending_review', 'approved', 'rejected'] as const
export type SubmissionStatus = (typeof submissionStatuses)[number]

/** How grave a line of the application's log is: `logs.level`. */
export const logLevels = ['info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** The agents that can be run: `agent_executions.agent_type`. */
export const agentTypes = ['Coordinator', 'CodeGen', 'Review', 'Deployment', 'PR', 'Issue'] as const
export type AgentType = (typeof agentTypes)[number]

/** Where a run of an agent stands: `agent_executions.status`. */
export const executionStatuses = ['pending', 'running', 'completed', 'failed'] as const
export type ExecutionStatus = (typeof executionStatuses)[number]

/** How grave a line of an agent's output is: `execution_logs.log_level`. */
export const executionLogLevels = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const
export type ExecutionLogLevel = (typeof executionLogLevels)[number]

/** What somebody sent to the LINE bot: `line_messages.message_type`. */
export const lineMessageTypes = ['text', 'postback', 'image', 'video', 'audio', 'file', 'location', 'sticker'] as const
export type LineMessageType = (typeof lineMessageTypes)[number]

/** A value inside a jsonb column. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject

/** An object inside a jsonb column. A property that is undefined is left out. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined
}

/**
 * What a jsonb column holds. JSON's own `null` is left out: Prisma wants it said (`Prisma.JsonNull`), since SQL has
 * another.
 */
export type JsonDocument = Exclude<JsonValue, null>

/** What a plugin or a license offers, as names that code asks for: `features`. */
export type PluginFeatures = readonly string[]

/**
 * How much a plugin or a license allows: `limitations`. -1 is without limit; what is absent is not limited by this
 * plugin.
 */
export interface PluginLimitations {
  /** Issues a month. */
  readonly monthly_issues?: number
  /** Agents that run at the same time. */
  readonly concurrency?: number
  /** Tokens of the Claude API a month. */
  readonly claude_api_tokens?: number
  /** The kind of help that comes with it, for example `community` or `email`. */
  readonly support?: string
}

/** Executions in a month by the agent's name: `usage_aggregates.agent_executions`. */
export type AgentExecutionCounts = Readonly<Record<string, number>>

/** A workflow as React Flow saves it: `workflows.definition`. */
export interface WorkflowDefinition {
  readonly nodes: readonly JsonObject[]
  readonly edges: readonly JsonObject[]
}
