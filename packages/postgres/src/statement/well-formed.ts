/** Of every Node that is supported, though not of the library of ES2023. */
const native = (String.prototype as unknown as { readonly isWellFormed: (this: string) => boolean }).isWellFormed

/** Whether a text is Unicode. Half a surrogate pair is none: on the wire it becomes U+FFFD. */
export const isWellFormed = (text: string): boolean => native.call(text)
