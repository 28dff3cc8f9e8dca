// How sure it is that a change pays, in words and colours.
import type { BenefitView } from '../../../api/types'
import type { Mood } from '../../../parts/level'
import { digits } from '../../../text/numbers'

/** Below an even chance a change is a gamble; above nine in ten it is as good as certain. */
export function worthMood({ chance }: BenefitView): Mood {
  if (chance >= 0.9) return 'fine'
  return chance >= 0.5 ? 'notice' : 'warning'
}

/** `at once`, `after 3.2 months`, `not within 12 months`. */
export function paybackText({ payback_months, months }: BenefitView): string {
  if (payback_months === null) return `not within ${months}\u00a0months`
  if (payback_months < 0.05) return 'at once'
  const said = digits(Math.round(payback_months * 10) / 10)
  return `after ${said}\u00a0${said === '1' ? 'month' : 'months'}`
}
