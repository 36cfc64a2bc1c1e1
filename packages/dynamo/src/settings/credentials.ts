import { defined, type Environment, readVariable, type SettingFault } from '@miyabi/core'

/** Keys of an AWS user or role. */
export interface AwsKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly accountId?: string
}

/**
 * The source of the client's credentials: `chain`, AWS's own, which reads the process's environment and files; keys or
 * the name of a profile, if an environment gave them; `dummy`, invented for a local server.
 */
export type CredentialSource = 'chain' | 'dummy' | { readonly profile: string } | AwsKeys

/** What an environment itself provides. As in AWS's chain, a profile takes precedence over keys. */
export function givenCredentials(env: Environment): { readonly profile: string } | AwsKeys | undefined {
  const profile = readVariable(env, 'AWS_PROFILE')
  if (profile !== undefined) return { profile }
  const accessKeyId = readVariable(env, 'AWS_ACCESS_KEY_ID')
  const secretAccessKey = readVariable(env, 'AWS_SECRET_ACCESS_KEY')
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  const sessionToken = readVariable(env, 'AWS_SESSION_TOKEN')
  const accountId = readVariable(env, 'AWS_ACCOUNT_ID')
  return {
    accessKeyId,
    secretAccessKey,
    ...defined({ sessionToken, accountId }),
  }
}

/** What AWS's chain reads from the process's environment alone. */
const PROCESS_ONLY = [
  'AWS_CONFIG_FILE',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_ROLE_ARN',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
]

/** Faults of an environment whose values would be ignored because it is not the process's own. */
export function unreadCredentials(env: Environment, ofProcess: Environment): readonly SettingFault[] {
  return PROCESS_ONLY.filter(
    (name) => ![undefined, readVariable(ofProcess, name)].includes(readVariable(env, name)),
  ).map((name) => ({
    name,
    problem: "differs from that of the process, which is the only one that AWS's credential chain reads",
    expected: 'the same in both, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  }))
}
