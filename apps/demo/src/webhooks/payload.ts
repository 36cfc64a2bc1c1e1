/** A user, a bot or an organization on GitHub. */
export interface Account {
  readonly id: number
  readonly login: string
  readonly email?: string | null
  readonly avatar_url: string
}

/** The subject of a delivery: an issue, a check run, a deployment ... Each has some of these. */
export interface Subject {
  readonly number?: number
  readonly title?: string | null
  readonly name?: string | null
  readonly conclusion?: string | null
  readonly state?: string
  readonly status?: string | null
  readonly draft?: boolean
  readonly steps?: readonly Step[]
  readonly run_started_at?: string
  readonly started_at?: string
  readonly created_at?: string
  readonly submitted_at?: string
  readonly completed_at?: string | null
  readonly closed_at?: string | null
  readonly updated_at?: string
}

/** One step of a workflow's job. */
export interface Step {
  readonly name: string
  readonly status: string
  readonly conclusion: string | null
}

/** The parts of GitHub's webhook payloads that the demo reads. */
export interface Payload {
  readonly action?: string
  readonly sender?: Account
  readonly repository?: {
    readonly id: number
    readonly name: string
    readonly full_name: string
    readonly default_branch: string
    readonly owner: Account
  }
  readonly issue?: Subject
  readonly pull_request?: Subject
  readonly review?: Subject
  readonly check_run?: Subject
  readonly check_suite?: Subject
  readonly workflow_job?: Subject
  readonly workflow_run?: Subject
  readonly deployment?: Subject
  readonly deployment_status?: Subject
}
