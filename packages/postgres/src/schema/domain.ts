/**
 * The values that text columns may contain, and the shapes of jsonb columns. PostgreSQL checks the values (a constraint
 * `<table>_<column>_known` for each list below, and a test that both agree); the generated client has these types. See
 * docs/decisions/0003-text-states-or-enums.md
 */

/** What a marketplace user may do: `users.role`. */
export const userRoles = ['user', 'admin'] as const
export type UserRole = (typeof userRoles)[number]

/** The tier of a plugin, a subscription or a license: `tier`. */
export const pluginTiers = ['free', 'pro', 'enterprise', 'addon'] as const
export type PluginTier = (typeof pluginTiers)[number]

/** The billing interval of a plugin's price: `plugins.billing_period`. */
export const billingPeriods = ['monthly', 'yearly', 'one-time'] as const
export type BillingPeriod = (typeof billingPeriods)[number]

/** The state of a subscription: `subscriptions.status`. */
export const subscriptionStatuses = ['active', 'canceled', 'past_due', 'trial'] as const
export type SubscriptionStatus = (typeof subscriptionStatuses)[number]

/** What a marketplace user did with a plugin: `usage_events.event_type`. */
export const usageEventTypes = ['issue_processed', 'agent_executed', 'command_used'] as const
export type UsageEventType = (typeof usageEventTypes)[number]

/** The kinds of plugin usage counted by events, as columns of `usage_aggregates`: `usage_events.meter`. */
export const usageMeters = ['issues', 'tokens', 'agent_executions'] as const
export type UsageMeter = (typeof usageMeters)[number]

/** The state of a submitted plugin: `plugin_submissions.status`. */
export const submissionStatuses = ['pending_review', 'approved', 'rejected'] as const
export type SubmissionStatus = (typeof submissionStatuses)[number]

/** The severity of a line in the application's log: `logs.level`. */
export const logLevels = ['info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** The agents that can be run: `agent_executions.agent_type`. */
export const agentTypes = ['Coordinator', 'CodeGen', 'Review', 'Deployment', 'PR', 'Issue'] as const
export type AgentType = (typeof agentTypes)[number]

/** The state of an agent's run: `agent_executions.status`. */
export const executionStatuses = ['pending', 'running', 'completed', 'failed'] as const
export type ExecutionStatus = (typeof executionStatuses)[number]

/** The severity of a line in an agent's output: `execution_logs.log_level`. */
export const executionLogLevels = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const
export type ExecutionLogLevel = (typeof executionLogLevels)[number]

/** The kind of a message to the LINE bot: `line_messages.message_type`. */
export const lineMessageTypes = ['text', 'postback', 'image', 'video', 'audio', 'file', 'location', 'sticker'] as const
export type LineMessageType = (typeof lineMessageTypes)[number]

/** A value inside a jsonb column. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject

/** An object inside a jsonb column. Undefined properties are omitted. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined
}

/**
 * The value of a jsonb column. JSON's `null` is excluded: Prisma requires it to be explicit (`Prisma.JsonNull`), since
 * SQL has another null.
 */
export type JsonDocument = Exclude<JsonValue, null>

/** The features of a plugin or license, as names that code checks: `features`. */
export type PluginFeatures = readonly string[]

/** The limits of a plugin or license: `limitations`. -1 means unlimited; an absent limit is not set by this plugin. */
export interface PluginLimitations {
  /** Issues per month. */
  readonly monthly_issues?: number
  /** Agents that may run at the same time. */
  readonly concurrency?: number
  /** Tokens of the Claude API per month. */
  readonly claude_api_tokens?: number
  /** The level of support, for example `community` or `email`. */
  readonly support?: string
}

/** Executions per month by agent name: `usage_aggregates.agent_executions`. */
export type AgentExecutionCounts = Readonly<Record<string, number>>

/** A workflow as saved by React Flow: `workflows.definition`. */
export interface WorkflowDefinition {
  readonly nodes: readonly JsonObject[]
  readonly edges: readonly JsonObject[]
}
