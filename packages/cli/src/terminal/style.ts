import { styleText } from 'node:util'

/** Returns text in a style. `print` and `say` remove the style if the stream does not show colors. */
export const style = (format: Parameters<typeof styleText>[0], text: string): string =>
  styleText(format, text, { validateStream: false })

export const bold = (text: string): string => style('bold', text)
export const cyan = (text: string): string => style('cyan', text)
export const dim = (text: string): string => style('dim', text)

/** The title of a section. */
export const heading = (text: string): string => style(['bold', 'underline'], text)
