import { commandEnvironment } from '../environment/environment.js'
import { command, UsageError } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print } from '../terminal/output.js'

export const exportTables = command({
  name: 'tables export',
  purpose: 'Prints the DynamoDB tables as infrastructure code, in JSON. Asks no server.',
  options: {
    format: {
      type: 'string',
      valueHint: 'cloudformation|terraform',
      description: 'CloudFormation (the default), or Terraform for the AWS provider 5 or later.',
      default: 'cloudformation',
    },
    json: { type: 'boolean', description: 'It always is JSON.' },
  },
  examples: [
    ['pnpm --silent db:tables export > tables.json', 'aws cloudformation deploy --template-file tables.json ...'],
    ['pnpm --silent db:tables export --format terraform > tables.tf.json', 'in a folder of `terraform apply`'],
    ['DYNAMODB_TABLE_PREFIX=staging_ pnpm --silent db:tables export', 'for another environment'],
  ],
  async run({ args }) {
    const { format } = args
    if (format !== 'cloudformation' && format !== 'terraform') {
      throw new UsageError(`\`miyabi tables export\` knows no format ${format}`, 'tables export')
    }
    const { parseDynamoSettings, toCloudFormation, toTerraform } = await import('@miyabi/dynamo')
    const render = format === 'terraform' ? toTerraform : toCloudFormation
    const { tablePrefix } = parseDynamoSettings(commandEnvironment().env)
    print(JSON.stringify(render({ prefix: tablePrefix }), undefined, 2))
    return exitCode.clean
  },
})
