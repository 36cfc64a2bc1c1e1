import type { Statement } from '../sql/parse.js'
import { exceptionsOf } from './exceptions.js'
import type { AcceptedFinding, LintFinding, LintReport } from './report.js'
import type { LintedMigration } from './rule.js'

/** Separates findings that a comment accepts, and adds what is wrong with such comments themselves. */
export function weigh(
  findings: readonly LintFinding[],
  migrations: readonly LintedMigration[],
): Pick<LintReport, 'findings' | 'accepted'> {
  const verdicts = migrations.flatMap(({ name, statements }) => {
    const own = findings.filter(({ migration }) => migration === name)
    return statements.map((statement) => judge(name, statement, own))
  })
  const accepted = verdicts.flatMap((verdict) => verdict.accepted)
  const answered = new Set(accepted.map(({ finding }) => finding))
  const left = findings.filter((finding) => !answered.has(finding))
  return {
    findings: [...left, ...verdicts.flatMap(({ faults }) => faults)].sort(byPlace),
    accepted: accepted.map(({ finding, reason }) => ({ ...finding, reason })).sort(byPlace),
  }
}

interface Verdict {
  readonly accepted: readonly { readonly finding: LintFinding; readonly reason: string }[]
  /** What is wrong with the comments. */
  readonly faults: readonly LintFinding[]
}

const TO_GIVE_A_REASON = 'write `-- @ignore rule: why it is safe here`'

function judge(migration: string, statement: Statement, findings: readonly LintFinding[]): Verdict {
  const last = statement.line + statement.text.split('\n').length - 1
  const within = findings.filter(({ line }) => line >= statement.line && line <= last)
  const fault = (line: number, rule: string, problem: string, remedy: string): LintFinding => ({
    migration,
    line,
    rule,
    problem,
    remedy,
  })
  const accepted: { finding: LintFinding; reason: string }[] = []
  const faults: LintFinding[] = []
  for (const { line, rules, reason } of exceptionsOf(statement)) {
    if (reason === '') {
      faults.push(fault(line, 'ignore-without-reason', '@ignore gives no reason', TO_GIVE_A_REASON))
      continue
    }
    for (const rule of rules) {
      const answered = within.filter((finding) => finding.rule === rule)
      accepted.push(...answered.map((finding) => ({ finding, reason })))
      if (answered.length > 0) continue
      const problem = `@ignore ${rule} suppresses nothing`
      faults.push(fault(line, 'ignore-without-finding', problem, 'remove it, or correct the name of the rule'))
    }
  }
  return { accepted, faults }
}

function byPlace(a: LintFinding | AcceptedFinding, b: LintFinding | AcceptedFinding): number {
  if (a.migration !== b.migration) return a.migration < b.migration ? -1 : 1
  return a.line - b.line
}
