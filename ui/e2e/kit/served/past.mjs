// Six weeks of a service that never were, as CSV: load by the day and the week, growing, and what follows it. Connections
// reach 80 of 100 at 667 requests a second, and so does half of all time within the next months.
const STEP = 1_800
const DAYS = 42
const now = Math.floor(Date.now() / 1000 / STEP) * STEP

/** The same noise on every run. */
let state = 7
function noise() {
  state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
  return 1 + 0.05 * (state / 2_147_483_648 - 0.5)
}

const rows = ['time,of,planted_load,planted_used']
for (let at = DAYS * 86_400; at > 0; at -= STEP) {
  const time = now - at + STEP
  const day = time / 86_400
  const weekend = (day + 4) % 7 < 1 || (day + 4) % 7 >= 6
  const load = (300 + 5 * (DAYS - at / 86_400)) * (1 + 0.25 * Math.sin(2 * Math.PI * (day - 0.25))) * (weekend ? 0.7 : 1) * noise()
  rows.push(`${time},load,${load.toFixed(3)},`)
  rows.push(`${time},connections,,${(0.12 * load * noise()).toFixed(4)}`)
  rows.push(`${time},cpu,,${((0.05 + 0.00055 * load) * noise()).toFixed(5)}`)
}
process.stdout.write(`${rows.join('\n')}\n`)
