/** Available in every supported Node version, though not in the library types of ES2023. */
const native = (String.prototype as unknown as { readonly isWellFormed: (this: string) => boolean }).isWellFormed

/** Whether a text is valid Unicode. Half of a surrogate pair is not: on the wire it becomes U+FFFD. */
export const isWellFormed = (text: string): boolean => native.call(text)
