/** Whether this version of Node runs MikroORM, which needs a newer one than the others. */
export function runsMikroOrm(node: string): boolean {
  const [major = 0, minor = 0] = node.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 17)
}
