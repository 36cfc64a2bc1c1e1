import type * as domain from './domain.js'

/** Where the generated client looks up the types that `/// [Name]` gives to columns in prisma/schema. */
declare global {
  namespace PrismaJson {
    type UserRole = domain.UserRole
    type PluginTier = domain.PluginTier
    type BillingPeriod = domain.BillingPeriod
    type SubscriptionStatus = domain.SubscriptionStatus
    type UsageEventType = domain.UsageEventType
    type SubmissionStatus = domain.SubmissionStatus
    type LogLevel = domain.LogLevel
    type AgentType = domain.AgentType
    type ExecutionStatus = domain.ExecutionStatus
    type ExecutionLogLevel = domain.ExecutionLogLevel
    type LineMessageType = domain.LineMessageType
    type JsonDocument = domain.JsonDocument
    type PluginFeatures = domain.PluginFeatures
    type PluginLimitations = domain.PluginLimitations
    type AgentExecutionCounts = domain.AgentExecutionCounts
    type WorkflowDefinition = domain.WorkflowDefinition
  }
}
