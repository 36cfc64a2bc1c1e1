import type { Settings } from './settings.js'

/** Renders a block of `.env.example`: every variable of a group, commented out, with its text, unit and default. */
export function renderEnvExample(group: Settings): string {
  const blocks = Object.entries(group.fields).map(([name, { info }]) => {
    const facts = [info.expected, ...(info.unit ? [`unit: ${info.unit}`] : []), `default: ${info.defaultText}`]
    const lines = [...wrap(info.doc, 96), `(${facts.join('; ')})`]
    return `${lines.map((line) => `# ${line}`).join('\n')}\n# ${name}=${info.example ?? info.defaultText}`
  })
  return `# ---- ${group.title} ${'-'.repeat(Math.max(0, 90 - group.title.length))}\n\n${blocks.join('\n\n')}\n`
}

/** Renders a Markdown table of a group, for the reference page. */
export function renderReference(group: Settings): string {
  const rows = Object.entries(group.fields).map(([name, { info }]) =>
    [`\`${name}\``, info.defaultText, info.unit ?? '', info.expected, info.doc].map(cell).join(' | '),
  )
  return [
    `## ${group.title}`,
    '',
    '| variable | default | unit | accepted | what it does |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row} |`),
    '',
  ].join('\n')
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line && line.length + word.length + 1 > width) {
      lines.push(line)
      line = word
    } else line = line ? `${line} ${word}` : word
  }
  return line ? [...lines, line] : lines
}
