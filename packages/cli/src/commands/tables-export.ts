import { commandEnvironment } from '../environment/environment.js'
import { exitCode } from '../terminal/exit-code.js'
import { command } from '../usage/command.js'
import * as value from '../usage/values.js'

export const exportTables = command({
  details: 'Needs no server.',
  options: {
    format: {
      type: value.oneOf('cloudformation', 'terraform'),
      default: 'cloudformation',
      description: 'CloudFormation, or Terraform for the AWS provider 5 or later, both in JSON.',
    },
  },
  json: 'the same',
  examples: [
    ['miyabi tables export > tables.json', 'For aws cloudformation deploy --template-file tables.json.'],
    ['miyabi tables export --format terraform > tables.tf.json', 'For the folder in which terraform apply runs.'],
    ['DYNAMODB_TABLE_PREFIX=staging_ miyabi tables export', 'For another environment.'],
  ],
  more: 'packages/dynamo/README.md',
  async run({ args: { format } }) {
    const { parseDynamoSettings, toCloudFormation, toTerraform } = await import('@miyabi/dynamo')
    const render = format === 'terraform' ? toTerraform : toCloudFormation
    const { tablePrefix } = parseDynamoSettings(commandEnvironment().env)
    const code = render({ prefix: tablePrefix })
    return { code: exitCode.clean, json: code, text: JSON.stringify(code, undefined, 2) }
  },
})
