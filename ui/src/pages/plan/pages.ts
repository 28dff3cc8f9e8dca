// The pages of planning, in the order in which they are asked for.
export const PLAN_PAGES: readonly { to: string; text: string }[] = [
  { to: '/capacity', text: 'Services' },
  { to: '/capacity/scenarios', text: 'Scenarios' },
  { to: '/capacity/growth', text: 'Growth' },
  { to: '/capacity/sizes', text: 'Sizes' },
]
