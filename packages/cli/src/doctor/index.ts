export { examine } from './examine.js'
export { checkGroups } from './groups.js'
export { renderReports } from './render.js'
