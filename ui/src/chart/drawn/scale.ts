// Where a value lies between two others, and which round values are worth naming. Pictures are drawn in parts of a whole.

export type Scale = { low: number; high: number }

/** From 0 to 1 inside the scale; beyond it stays at its end. */
export function part({ low, high }: Scale, value: number): number {
  if (!(high > low) || !Number.isFinite(value)) return 0
  return Math.min(1, Math.max(0, (value - low) / (high - low)))
}

/** For CSS. */
export function at(scale: Scale, value: number): string {
  return `${(part(scale, value) * 100).toFixed(2)}%`
}

const STEPS: readonly number[] = [1, 2, 2.5, 5, 10]

/** Round values inside the scale, about as many as wanted. */
export function ticks({ low, high }: Scale, wanted: number, binary = false): number[] {
  const width = high - low
  if (!(width > 0) || wanted < 1) return []
  const rough = width / wanted
  const step = binary ? 2 ** Math.ceil(Math.log2(rough)) : roundStep(rough)
  const found: number[] = []
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) {
    found.push(Math.abs(value) < step * 1e-9 ? 0 : Number(value.toPrecision(12)))
  }
  return found
}

function roundStep(rough: number): number {
  const base = 10 ** Math.floor(Math.log10(rough))
  return base * (STEPS.find((step) => step * base >= rough * 0.999) ?? 10)
}

export type DayTick = { at: number; text: string }

const DAY = 86_400_000
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Days worth naming between two moments: first days of months, or Mondays where it is short. */
export function dayTicks({ low, high }: Scale, most: number): DayTick[] {
  const span = high - low
  if (!(span > 0)) return []
  if (span <= 45 * DAY) return mondays(low, high, span <= 16 * DAY ? 1 : Math.ceil(span / (7 * DAY) / most))
  const months = Math.ceil(span / (30.4 * DAY))
  const every = [1, 2, 3, 4, 6, 12].find((step) => months / step <= most) ?? 12
  const found: DayTick[] = []
  const then = new Date(low)
  then.setHours(0, 0, 0, 0)
  then.setDate(1)
  for (let count = 0; count < months + 2; count += 1) {
    const moment = then.getTime()
    if (moment >= low && moment <= high && then.getMonth() % every === 0) {
      const month = MONTHS[then.getMonth()] ?? ''
      found.push({ at: moment, text: then.getMonth() === 0 ? `${month} ${then.getFullYear()}` : month })
    }
    then.setMonth(then.getMonth() + 1)
  }
  return found
}

function mondays(low: number, high: number, every: number): DayTick[] {
  const then = new Date(low)
  then.setHours(0, 0, 0, 0)
  then.setDate(then.getDate() + ((8 - then.getDay()) % 7))
  const found: DayTick[] = []
  while (then.getTime() <= high) {
    found.push({ at: then.getTime(), text: `${then.getDate()} ${MONTHS[then.getMonth()] ?? ''}` })
    then.setDate(then.getDate() + 7 * every)
  }
  return found.filter(({ at: moment }) => moment >= low)
}
