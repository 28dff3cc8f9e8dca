// Words along the time axis: as short as the step between them allows, the day where it changes.
import { DAY, MINUTE } from '../text/time'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

export function axisLabels(splits: readonly number[], step: number): string[] {
  let before: Date | null = null
  return splits.map((at) => {
    const then = new Date(at)
    const label = axisLabel(then, before, step)
    before = then
    return label
  })
}

function axisLabel(then: Date, before: Date | null, step: number): string {
  const year = String(then.getFullYear())
  const month = MONTHS[then.getMonth()] ?? ''
  const newYear = before?.getFullYear() !== then.getFullYear()
  if (step >= 360 * DAY) return year
  if (step >= 28 * DAY) return newYear ? `${month}\n${year}` : month
  const day = `${then.getDate()} ${month}`
  if (step >= DAY) return newYear ? `${day}\n${year}` : day
  const seconds = step < MINUTE ? `:${two(then.getSeconds())}` : ''
  const time = `${two(then.getHours())}:${two(then.getMinutes())}${seconds}`
  return before?.toDateString() === then.toDateString() ? time : `${time}\n${day}`
}

function two(part: number): string {
  return String(part).padStart(2, '0')
}
